"""Which object store a checkout has: rclone, moto, or one that somebody else runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from fintegrate.storage.signing import Credentials, Signer
from local.machine.checkout import Checkout
from local.services.installation import Installation
from local.services.native import servers
from local.services.native.objects import CHOICE, ObjectStore
from local.services.native.postgresql import PostgreSQL
from local.services.running import RunningServices, ensure_services
from local.services.service import ServersUnusable
from local.services.settings import settings_environment

ENDPOINT = "OBJECT_STORE_ENDPOINT"


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Installation]]:
    """Starts the servers of a checkout of the test's own with this choice."""
    monkeypatch.setenv("LOCAL_SERVICES", "native")
    monkeypatch.setattr(servers, "SERVERS", (PostgreSQL, ObjectStore))
    with ExitStack() as used:

        def start(choice: str) -> Installation:
            monkeypatch.setenv(CHOICE, choice)
            checkout = Checkout(tmp_path)
            services: RunningServices = used.enter_context(ensure_services(checkout))
            return Installation(checkout, services, settings_environment(services.urls, checkout))

        yield start


def put(installation: Installation, secret_key: str) -> httpx.Response:
    """Store an object by a URL that this key has signed."""
    said = installation.environment
    credentials = Credentials(said["OBJECT_STORE_ACCESS_KEY"], secret_key)
    region, bucket = said["OBJECT_STORE_REGION"], said["OBJECT_STORE_BUCKET"]
    signer = Signer(said[ENDPOINT], region, bucket, lambda: credentials)
    return httpx.put(signer.presigned("PUT", "a", 60).url, content=b"1", trust_env=False)


@pytest.mark.parametrize(
    ("choice", "checks"),
    [
        ("", True),
        pytest.param("rclone", True, marks=pytest.mark.night_long),
        pytest.param("moto", False, marks=pytest.mark.night_long),
    ],
)
def test_chosen_store_takes_objects(
    start: Callable[[str], Installation], choice: str, checks: bool
) -> None:
    installation = start(choice)

    right = put(installation, installation.environment["OBJECT_STORE_SECRET_KEY"])
    wrong = put(installation, "another key")

    assert right.is_success
    assert wrong.is_success is not checks


@pytest.mark.night_long
def test_somebody_elses_store_is_announced(
    start: Callable[[str], Installation], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ObjectStore.variables:
        monkeypatch.setenv(name, f"theirs-{name.lower()}")

    installation = start("external")
    installation.write_env("http://127.0.0.1:8000")

    assert "objects" not in installation.services.servers
    written = (installation.checkout.state / "env").read_text().splitlines()
    for name in ObjectStore.variables:
        assert installation.environment[name] == f"theirs-{name.lower()}"
        assert f"{name}=theirs-{name.lower()}" in written


def test_unknown_choice_is_refused(start: Callable[[str], Installation]) -> None:
    with pytest.raises(ServersUnusable, match="rclone, moto, external"):
        start("minio")
