"""Servers that this checkout does not run: the environment has their addresses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from local.services.service import ServersUnusable


def addresses(
    variables: Iterable[str], environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The addresses under these variables.

    Raises:
        ServersUnusable: one is not set; the text names all that are missing
    """
    wanted = list(variables)
    missing = [name for name in wanted if not environment.get(name)]
    if missing:
        raise ServersUnusable(
            f"LOCAL_SERVICES=external takes the servers' addresses from the environment; "
            f"set {', '.join(missing)}"
        )
    return {name: environment[name] for name in wanted}
