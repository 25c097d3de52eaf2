"""Servers that somebody else runs: the environment has their addresses."""

from __future__ import annotations

import os
from collections.abc import Mapping

from local.services.service import ServiceError

VARIABLES = ("DATABASE_URL", "RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "REDIS_URL")


def addresses(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The four addresses.

    Raises:
        ServiceError: one is not set; the text names all that are missing
    """
    missing = [name for name in VARIABLES if not environment.get(name)]
    if missing:
        raise ServiceError(
            f"LOCAL_SERVICES=external takes the servers' addresses from the environment; "
            f"set {', '.join(missing)}"
        )
    return {name: environment[name] for name in VARIABLES}
