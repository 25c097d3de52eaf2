"""Chooses how the servers run: as LOCAL_SERVICES says, as they run already, or as they can."""

from __future__ import annotations

import os

from local.machine.checkout import Checkout
from local.services.group import ServerGroup
from local.services.native import servers
from local.services.native.objects import ObjectStore
from local.services.service import ServersUnusable, Service

KINDS = ("docker", "native", "external")


def wanted_kind() -> str | None:
    """The value of LOCAL_SERVICES, or `None` when it is not set.

    Raises:
        ServersUnusable: it has a value that means nothing
    """
    kind = os.environ.get("LOCAL_SERVICES", "").strip().lower()
    if kind and kind not in KINDS:
        raise ServersUnusable(f"LOCAL_SERVICES must be one of {', '.join(KINDS)}, got {kind!r}")
    return kind or None


def native(checkout: Checkout) -> ServerGroup:
    """The servers as processes of this machine."""
    return ServerGroup("native", (server(checkout) for server in servers.wanted()))


def containers(checkout: Checkout) -> ServerGroup:
    """The servers in containers, but for the object store: pip brings its program anyway.

    The SDK is imported only here, for its 150 ms.
    """
    from local.services.docker import images

    made: list[Service] = [server(checkout) for server in images.SERVERS]
    if ObjectStore in servers.wanted():
        made.append(ObjectStore(checkout))
    return ServerGroup("docker", made)


def _engine_answers() -> bool:
    from local.services.docker.engine import answers

    return answers()


def _possible(checkout: Checkout) -> list[ServerGroup]:
    """Every kind that can run here, the preferred one first."""
    return [containers(checkout), native(checkout)] if _engine_answers() else [native(checkout)]


def choose(checkout: Checkout) -> ServerGroup:
    """The servers as they run or should run in this checkout.

    Raises:
        ServersUnusable: they run as another kind than LOCAL_SERVICES wants
    """
    kind = wanted_kind()
    possible = _possible(checkout)
    running = next((group for group in possible if group.any_running()), None)
    if running is not None and kind not in (None, running.kind):
        raise ServersUnusable(f"The servers run as {running.kind}; `make down` first for {kind}")
    if kind is None:
        return running or possible[0]
    return native(checkout) if kind == "native" else containers(checkout)


def stop_all(checkout: Checkout) -> None:
    """Stop the checkout's servers of every kind."""
    for group in _possible(checkout):
        group.stop()


def remove_all(checkout: Checkout) -> None:
    """Stop the checkout's servers of every kind and delete their data."""
    for group in _possible(checkout):
        group.remove()
