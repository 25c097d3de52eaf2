"""Starts and stops servers in the background, such as those of `make up` and `make deploy-local`.

A checkout has one server of each name. A marker finds it again, whichever command started it.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence

import httpx

from local.machine.checkout import Checkout
from local.machine.environment import may_use_proxy
from local.machine.processes import Family
from local.services.choice import stop_all
from local.serving.server import (
    ServerNotStarted,
    accompanying,
    listen,
    serve_command,
    tail,
    url_of,
)

HEALTHY_SECONDS = 60.0
POLL_SECONDS = 0.2
STOP_SECONDS = 15.0
NAMES = ("server", "deploy", "platforms")


class BackgroundServer:
    """A server process of a checkout that outlives the command that starts it.

    Args:
        command: makes the program's command line for a listening socket
        inherited: file descriptors that the program gets beside the socket
    """

    def __init__(
        self,
        checkout: Checkout,
        name: str = "server",
        command: Callable[[socket.socket], list[str]] = serve_command,
        inherited: Sequence[int] = (),
    ) -> None:
        self._checkout = checkout
        self._command = command
        self._inherited = inherited
        self._url_file = checkout.folder("run") / f"{name}.url"
        self._log = checkout.folder("log") / f"{name}.log"
        home = checkout.folder("run")
        self._family = Family(f"{checkout.root}#{name}", home, home / f"{name}.json")

    def url(self) -> str | None:
        """Its address, or `None` when it does not run."""
        if self._family.leader() is None or not self._url_file.exists():
            return None
        return self._url_file.read_text()

    def start(self, environment: Mapping[str, str], port: int) -> str:
        """Start the server unless it runs and is healthy; return its address once `/health` answers 200.

        Raises:
            ServerNotStarted: the server does not become healthy
        """
        running = self.url()
        if running and self._becomes_healthy(running):
            return running
        self.stop()
        with listen(port) as listener:
            url = url_of(listener)
            self._url_file.write_text(url)
            self._family.launch(
                [*self._command(listener), "--log", str(self._log)],
                environment,
                self._log,
                folder=self._checkout.root,
                keep_open=(listener.fileno(), *self._inherited),
            )
        if not self._becomes_healthy(url):
            raise ServerNotStarted(f"{url}/health does not answer 200:\n{tail(self._log)}")
        return url

    def _becomes_healthy(self, url: str) -> bool:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < deadline and self._family.leader():
            if _is_healthy(url):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def stop(self) -> None:
        """Let running requests finish, then end the server."""
        self._family.stop(signal.SIGTERM, STOP_SECONDS)
        self._url_file.unlink(missing_ok=True)


def _is_healthy(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/health", timeout=5, trust_env=may_use_proxy(url))
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def down(checkout: Checkout) -> None:
    """Stop every process of the checkout, however it was started, and no other."""
    for name in NAMES:
        BackgroundServer(checkout, name).stop()
    accompanying(checkout).stop(signal.SIGTERM, STOP_SECONDS)
    with checkout.locked("services"):
        stop_all(checkout)
    for name in ("run/temporary", "env", "deploy.env"):
        (checkout.state / name).unlink(missing_ok=True)
