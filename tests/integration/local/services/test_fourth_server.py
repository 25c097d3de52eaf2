"""A server that the harness has never heard of: a class of its own and an entry in the list."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from local.machine.checkout import Checkout
from local.machine.ports import LOOPBACK
from local.services.native import servers
from local.services.native.postgresql import PostgreSQL
from local.services.native.programs import Program
from local.services.native.server import NativeServer
from local.services.running import RunningServices, ensure_services
from local.services.service import failure_of
from local.services.settings import settings_environment


class Files(NativeServer):
    """Python's own web server, over its data folder."""

    name = "files"
    program = Program(sys.executable)
    variables: ClassVar = {"FILES_URL": "url"}
    port_names = ("files",)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.port('files')}"

    def prepare(self) -> None:
        (self.home / "kept").write_text("kept")

    def command(self) -> Sequence[str]:
        port = str(self.ports.port("files"))
        return [self.program.name, "-m", "http.server", port, "--bind", LOOPBACK]

    def probe(self) -> None:
        httpx.get(f"{self.url}/kept").raise_for_status()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServices]:
    """A checkout with this server beside the database's."""
    monkeypatch.setenv("LOCAL_SERVICES", "native")
    monkeypatch.setattr(servers, "SERVERS", (PostgreSQL, Files))
    with ensure_services(Checkout(tmp_path)) as services:
        yield services


@pytest.mark.night_long
def test_functions_get_its_address(running: RunningServices) -> None:
    url = settings_environment(running.urls)["FILES_URL"]

    assert httpx.get(f"{url}/kept").text == "kept"


@pytest.mark.night_long
def test_its_life_is_every_servers(running: RunningServices) -> None:
    files = running.servers["files"]
    files.kill()
    assert failure_of(files.probe) is not None

    files.restart()
    assert failure_of(files.probe) is None

    running.release()
    assert not any(server.is_running() for server in running.servers.values())
