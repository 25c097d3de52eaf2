"""Starts the server that behaves like the platforms, beside the functions, and lets these send to it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from local.machine.checkout import Checkout
from local.machine.ports import PortBook
from local.services.installation import Installation
from local.serving.background import BackgroundServer
from local.serving.server import start_server

NAME = "platforms"
URL, ALLOWED = "RELAY_PLATFORMS_URL", "RELAY_ALLOW_HOSTS"


def platforms_command(listener: socket.socket, *options: str) -> list[str]:
    """The command of the program that serves on an inherited socket."""
    program = "local.relay.platforms.program"
    return [sys.executable, "-m", program, "--socket", str(listener.fileno()), *options]


def in_background(installation: Installation) -> Installation:
    """Start it until `make down`, or find the one that runs.

    Raises:
        ServerNotStarted: it does not come up
    """
    checkout = installation.checkout
    server = BackgroundServer(checkout, NAME, platforms_command)
    return _named(installation, server.start(_environment(), _port(checkout)))


@contextmanager
def while_served(installation: Installation) -> Iterator[Installation]:
    """Find the one that runs, or start one for as long as this block and this process last."""
    if running := BackgroundServer(installation.checkout, NAME).url():
        yield _named(installation, running)
        return
    port = _port(installation.checkout)
    with start_server(_environment(), port, command=platforms_command) as server:
        yield _named(installation, server.base_url)


def settings_naming(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What the functions need to send there. Only the stage `local` may send to this machine."""
    if environment.get("STAGE", "local") != "local":
        return {}
    own = environment.get(ALLOWED, "")
    allowed = ",".join(filter(None, [own, urlsplit(url).netloc]))
    return {URL: url, ALLOWED: allowed}


def _named(installation: Installation, url: str) -> Installation:
    settings = settings_naming(url, installation.environment)
    return installation.beside(settings, [name for name in (URL,) if name in settings])


def _port(checkout: Checkout) -> int:
    """The same one each time: destinations in the database name it."""
    return PortBook(checkout).port(NAME)


def _environment() -> Mapping[str, str]:
    """The caller's own; the secrets of the functions are none of the platforms' business."""
    return dict(os.environ)
