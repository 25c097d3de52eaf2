"""The Docker engine: whether one answers, and images pulled only when they are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.services.docker.address import engine_address
from local.services.service import ServersUnusable

if TYPE_CHECKING:
    import docker

ANSWER_SECONDS = 60
UNREACHABLE = "No Docker engine answers. Start it, or use LOCAL_SERVICES=native"


def answers() -> bool:
    """Whether an engine can be used now."""
    if engine_address() is None:
        return False
    try:
        connect().close()
    except ServersUnusable:
        return False
    return True


def connect(seconds: int = ANSWER_SECONDS) -> docker.DockerClient:
    """A client of the engine.

    Args:
        seconds: how long the engine may be silent within an answer

    Raises:
        ServersUnusable: none answers
    """
    import docker

    address = engine_address()
    if address is None:
        raise ServersUnusable(UNREACHABLE)
    try:
        client = docker.DockerClient(base_url=address, timeout=seconds)
        client.ping()
    except docker.errors.DockerException as error:
        raise ServersUnusable(UNREACHABLE) from error
    return client


def ensure_image(client: docker.DockerClient, name: str) -> None:
    """Pull an image unless it is there.

    Raises:
        ServersUnusable: it cannot be pulled
    """
    from docker.errors import DockerException, ImageNotFound

    try:
        client.images.get(name)
    except ImageNotFound:
        try:
            client.images.pull(name)
        except DockerException as error:
            raise ServersUnusable(f"The image {name} cannot be pulled: {error}") from error
