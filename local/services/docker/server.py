"""The life of one containerised server: create, start, stop, kill, freeze, remove.

Its data is in a named volume, which `make down` keeps and `make clean` removes. What
differs between the servers is in the subclasses.
"""

from __future__ import annotations

import io
import tarfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from local.machine.checkout import Checkout
from local.machine.ports import LOOPBACK, PortBook
from local.services.docker.engine import connect, ensure_image
from local.services.service import Service

LABEL = "fintegrate.checkout"
STOP_SECONDS = 20


class DockerServer(Service):
    """A server in a container of one checkout, published on loopback only."""

    image: str
    data_folder: str
    ports_inside: ClassVar[Mapping[str, int]]
    """Name in the port book → port in the container."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.ports = PortBook(checkout)
        self.container_name = f"{checkout.name}_{self.name}"
        self._engine: docker.DockerClient | None = None

    @property
    def engine(self) -> docker.DockerClient:
        if self._engine is None:
            self._engine = connect()
        return self._engine

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """What the image's entry point reads."""

    def command(self) -> Sequence[str] | None:
        """Arguments instead of the image's own; no secret among them: they are in process lists."""
        return None

    def files(self) -> Mapping[str, str]:
        """Absolute path in the container → text, written before it starts."""
        return {}

    def _container(self) -> Container | None:
        try:
            return self.engine.containers.get(self.container_name)
        except NotFound:
            return None

    def start(self) -> bool:
        """Create and start the container unless it runs; says whether this call started it."""
        if self.is_running():
            return False
        self._discard()
        ensure_image(self.engine, self.image)
        self.ports.renew_taken(tuple(self.ports_inside))
        container = self._create()
        container.put_archive("/", archive({p: t.encode() for p, t in self.files().items()}))
        container.start()
        return True

    def _create(self) -> Container:
        command = self.command()
        return self.engine.containers.create(
            self.image,
            list(command) if command else None,
            name=self.container_name,
            hostname=self.name,  # RabbitMQ's data belongs to a host name
            labels={LABEL: str(self.checkout.root)},
            environment=dict(self.environment()),
            ports={
                f"{inside}/tcp": (LOOPBACK, self.ports.port(name))
                for name, inside in self.ports_inside.items()
            },
            volumes={self.container_name: {"bind": self.data_folder, "mode": "rw"}},
        )

    def stop(self) -> None:
        """End it in order and remove the container; its data stay."""
        container = self._container()
        if container is not None:
            self.resume()
            container.stop(timeout=STOP_SECONDS)
            self._discard()

    def _discard(self) -> None:
        container = self._container()
        if container is not None:
            container.remove(force=True)

    def kill(self) -> None:
        container = self._container()
        if container is not None and self.is_running():
            container.kill()
            container.wait()

    def pause(self) -> None:
        container = self._container()
        if container is not None and container.status == "running":
            container.pause()

    def resume(self) -> None:
        container = self._container()
        if container is not None and container.status == "paused":
            container.unpause()

    def is_running(self) -> bool:
        container = self._container()
        return container is not None and container.status in ("running", "paused")

    def log_tail(self) -> str:
        container = self._container()
        return container.logs(tail=20).decode(errors="replace") if container else ""

    def remove(self) -> None:
        self.stop()
        try:
            self.engine.volumes.get(self.container_name).remove(force=True)
        except (NotFound, APIError):
            return


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files as the tar that Docker copies into a container."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o444
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
