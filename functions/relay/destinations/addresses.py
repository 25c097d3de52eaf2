"""Looks at the addresses of a new configuration, for an early answer.

The way out judges each connection again, so what changes later does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.relay.configuration import Configuration
from fintegrate.errors import Invalid

if TYPE_CHECKING:
    from fintegrate.outgoing.client import Client

NAMES = ("url", "base_url", "sgtm_url")


def check_addresses(fields: Mapping[str, Any], of: str, settings: Configuration) -> list[str]:
    """Resolve the addresses among these fields; returns a warning for each that has no address now.

    To be called before the first statement of a transaction: a name server may take seconds.

    Raises:
        Invalid: an address may not be sent to.
    """
    from fintegrate.outgoing.exchange import Kind  # here, to spare other cold starts

    wrong: list[str] = []
    warnings: list[str] = []
    for name in NAMES:
        if not isinstance(address := fields.get(name), str):
            continue
        failure = _client(settings.relay_allow_hosts, settings.stage).check(address)
        if failure is not None:
            said = f"{of}{name}: {failure.why}"
            (wrong if failure.kind is Kind.NOT_ALLOWED else warnings).append(said)
    if wrong:
        raise Invalid("; ".join(wrong))
    return warnings


@cache
def _client(allow_hosts: str, stage: str) -> Client:
    from fintegrate.outgoing.client import Client
    from fintegrate.outgoing.urls import allowed_hosts

    return Client(allowed_hosts(allow_hosts, stage, "RELAY_ALLOW_HOSTS"))
