"""Starts server processes of artifacts, for the commands and the tests."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from local.artifact.package.make import Artifact
from local.serving.server import Server, listen, start_server, url_of


@dataclass(frozen=True)
class ArtifactServer:
    """A server of artifacts that ends with this process.

    Attributes:
        control_url: the address of its Invoke API
    """

    server: Server
    control_url: str

    @property
    def base_url(self) -> str:
        """The address of its gateway."""
        return self.server.base_url


def serve_artifacts(
    artifacts: Sequence[Artifact], control: socket.socket, gateway: socket.socket, *options: str
) -> list[str]:
    """The command of a program that serves the systems' artifacts on two inherited sockets."""
    return [
        *(sys.executable, "-m", "local.artifact.program"),
        *(part for artifact in artifacts for part in ("--template", str(artifact.template))),
        *("--socket", str(gateway.fileno()), "--control", str(control.fileno())),
        *options,
    ]


def start_artifacts(
    artifacts: Sequence[Artifact], environment: Mapping[str, str]
) -> ArtifactServer:
    """Serve the systems' artifacts in a separate process. Returns when all are served.

    Raises:
        ServerNotStarted: the server ended while starting
    """
    with listen(None) as control:
        server = start_server(
            environment,
            command=partial(serve_artifacts, artifacts, control),
            inherited=(control.fileno(),),
        )
        return ArtifactServer(server, url_of(control))
