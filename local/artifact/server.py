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
        control_url: where its Invoke API is
    """

    server: Server
    control_url: str

    @property
    def base_url(self) -> str:
        """Where its gateway serves."""
        return self.server.base_url


def serve_artifacts(
    artifacts: Sequence[Artifact], control: socket.socket, gateway: socket.socket, *options: str
) -> list[str]:
    """The program that serves the artifacts of systems on two inherited sockets."""
    return [
        *(sys.executable, "-m", "local.artifact.program"),
        *(part for artifact in artifacts for part in ("--template", str(artifact.template))),
        *("--socket", str(gateway.fileno()), "--control", str(control.fileno())),
        *options,
    ]


def start_artifacts(
    artifacts: Sequence[Artifact], environment: Mapping[str, str]
) -> ArtifactServer:
    """Serve the artifacts of systems in a process of its own; returns when all serve.

    Raises:
        ServerNotStarted: it ended while starting
    """
    with listen(None) as control:
        server = start_server(
            environment,
            command=partial(serve_artifacts, artifacts, control),
            inherited=(control.fileno(),),
        )
        return ArtifactServer(server, url_of(control))
