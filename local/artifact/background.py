"""The packaged systems in the background: `make deploy-local` and `make undeploy-local`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

from local.artifact.package.make import Artifact
from local.artifact.server import serve_artifacts
from local.machine.checkout import Checkout
from local.machine.credentials import write_private
from local.serving.background import BackgroundServer
from local.serving.server import listen, url_of

NAME = "deploy"


class DeployedServer:
    """The server process of a checkout that runs its artifacts."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._server = BackgroundServer(checkout, NAME)
        self._running = checkout.folder("run") / "deploy.running"
        self._control = checkout.folder("run") / "deploy.control"

    def start(
        self, artifacts: Sequence[Artifact], environment: Mapping[str, str], port: int
    ) -> str:
        """Serve the artifacts and give the address once `/health` answers 200.

        A server that already serves exactly these artifacts and settings is kept.

        Raises:
            ServerNotStarted: the server does not become healthy; the text is the end of its log
        """
        wanted = _fingerprint(artifacts, environment)
        running = self._server.url()
        if running and self._running.exists() and self._running.read_text() == wanted:
            return running
        self._server.stop()
        with listen(None) as control:
            self._control.write_text(url_of(control))
            server = BackgroundServer(
                self._checkout,
                NAME,
                partial(serve_artifacts, artifacts, control),
                (control.fileno(),),
            )
            url = server.start(environment, port)
        write_private(self._running, wanted)
        return url

    def control_url(self) -> str | None:
        """The address of the Invoke API, or `None` when nothing is deployed."""
        return self._control.read_text() if self._server.url() else None

    def stop(self) -> None:
        """Let running requests finish, then end the server and its environments."""
        self._server.stop()
        for file in (self._running, self._control, self._checkout.state / "deploy.env"):
            file.unlink(missing_ok=True)


def _fingerprint(artifacts: Sequence[Artifact], environment: Mapping[str, str]) -> str:
    """A hash of the artifacts and all settings. It is a hash because settings are secret."""
    digest = hashlib.sha256(" ".join(each.digest for each in artifacts).encode())
    for name, value in sorted(environment.items()):
        digest.update(f"{name}={value}\0".encode())
    return digest.hexdigest()
