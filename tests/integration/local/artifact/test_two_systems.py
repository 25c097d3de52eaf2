"""Two systems are packaged apart and served behind one gateway, neither disturbing the other."""

from __future__ import annotations

import base64
import json
import lzma
import os
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from fintegrate.system import SystemDatabase
from local.artifact.package.make import Artifact, PackagingFailed, package
from local.artifact.package.repack import CODE, MODULES
from local.artifact.package.template import read_template
from local.artifact.server import ArtifactServer, start_artifacts
from local.aws_shapes.scheduled_event import scheduled_event
from local.machine.checkout import Checkout
from local.services.databases import create_database, drop_database, users_of, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment
from tests.integration.local.artifact.two_systems import copy_with_letters
from tests.support.broker import channel
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="AWS's runtime client is for Linux"),
    pytest.mark.night_long,
]
UNIQUE = f"{os.getpid()}_{uuid.uuid4().hex[:6]}"
QUEUE, BANKING, LETTERS = (f"{name}_{UNIQUE}" for name in ("letters", "banking", "two_letters"))
OWN_HOST = "letters.localhost"
Artifacts = Mapping[str, Artifact]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return copy_with_letters(tmp_path_factory.mktemp("two"), QUEUE)


@pytest.fixture(scope="module")
def artifacts(checkout: Checkout) -> Artifacts:
    return {name: package(name, checkout=checkout) for name in ("banking", "letters")}


@pytest.fixture(scope="module")
def served(services: RunningServices, artifacts: Artifacts) -> Iterator[ArtifactServer]:
    """Both systems, each with a database of its own."""
    of_letters = SystemDatabase("LETTERS_DATABASE_URL", "letters", "letters")
    environment = settings_environment(
        services.urls,
        **with_users(services.urls, create_database(services.urls, BANKING)),
        **users_of(create_database(services.urls, LETTERS), of_letters),
        POSTAGE="2",
        SCHEDULER="off",
        LAMBDA_SANDBOX="process",
        RATE_LIMIT_IP_PER_MINUTE="1000000",
    )
    with channel(services.urls.rabbitmq_url) as broker:
        broker.queue_declare(QUEUE, durable=True)
        deployed = start_artifacts(list(artifacts.values()), environment)
        with deployed.server:
            yield deployed
        broker.queue_delete(QUEUE)
    for name in (BANKING, LETTERS):
        drop_database(services.urls, name)


def names_in(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as packed:
        return packed.namelist()


def modules_in(bundle: Path) -> list[str]:
    with zipfile.ZipFile(bundle) as packed:
        return list(json.loads(lzma.decompress(packed.read(f"{CODE}{MODULES}"))))


@pytest.mark.parametrize(("system", "other"), [("banking", "letters"), ("letters", "banking")])
def test_package_holds_one_system(artifacts: Artifacts, system: str, other: str) -> None:
    bundle, layer = modules_in(artifacts[system].bundle), names_in(artifacts[system].layer)

    assert f"{system}/system.py" in bundle
    assert any(f"/fintegrate_sql/{system}/migrations/" in name for name in layer)
    assert not [name for name in (*bundle, *layer) if f"/{other}/" in f"/{name}"]


@pytest.mark.parametrize(("system", "most"), [("banking", 140_000), ("letters", 100_000)])
def test_each_package_is_small(artifacts: Artifacts, system: str, most: int) -> None:
    assert artifacts[system].bundle.stat().st_size <= most
    assert artifacts[system].layer.stat().st_size <= 15_000_000


def test_template_names_its_system(artifacts: Artifacts) -> None:
    template = read_template(artifacts["letters"].template)
    said = template.resources["Receive"]["Properties"]

    assert template.functions.keys() == {
        "APIHandler",
        "Migrate",
        "PrepareDatabase",
        "Receive",
        "Purge",
    }
    assert template.settings == (
        "LETTERS_DATABASE_MASTER_URL",
        "LETTERS_DATABASE_OWNER_URL",
        "LETTERS_DATABASE_URL",
        "POSTAGE",
        "REDIS_URL",
    )
    assert said["FunctionName"] == {"Fn::Sub": "fintegrate-${System}-${Stage}-receive"}
    assert {f.environment["SYSTEM"] for f in template.functions.values()} == {"letters"}
    assert "/customer/data" not in template.routes


def test_other_system_changes_no_package(checkout: Checkout, artifacts: Artifacts) -> None:
    before = artifacts["banking"].digest
    written = (artifacts["banking"].folder / "made-of").stat().st_mtime_ns
    (checkout.root / "functions" / "letters" / "new.py").write_text('"""Something new."""\n')

    assert package("banking", checkout=checkout).digest == before
    assert (artifacts["banking"].folder / "made-of").stat().st_mtime_ns == written


def test_unknown_system_is_refused(checkout: Checkout) -> None:
    with pytest.raises(PackagingFailed, match="no stage relics-dev"):
        package("relics", checkout=checkout)


def ask(served: ArtifactServer, path: str, host: str = "") -> httpx.Response:
    """A request at the plain host, or at one that names a system."""
    headers = {"Host": f"{host}:{urlsplit(served.base_url).port}"} if host else {}
    return httpx.get(f"{served.base_url}{path}", headers=headers, timeout=60)


def answers(served: ArtifactServer, path: str) -> bool:
    return ask(served, path).status_code == 200


def data(served: ArtifactServer, path: str, host: str = "") -> Any:
    answer = ask(served, path, host)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_path_finds_its_system(served: ArtifactServer) -> None:
    assert "bodies" in data(served, "/letters/list")
    assert ask(served, "/customer/list").status_code == 401
    assert ask(served, "/no/such/path").status_code == 404


def test_host_names_a_system(served: ArtifactServer) -> None:
    assert data(served, "/health").keys() == {"database", "broker", "cache", "schedules"}
    assert data(served, "/health", OWN_HOST).keys() == {"letterbox"}
    assert ask(served, "/customer/list", OWN_HOST).status_code == 404
    document = ask(served, "/openapi.json", OWN_HOST).json()
    assert "/letters/list" in document["paths"]
    assert "/customer/list" not in document["paths"]


def test_system_gets_its_own_settings(served: ArtifactServer) -> None:
    assert data(served, "/letters/list")["settings"] == ["SYSTEM", "POSTAGE"]


def test_queue_reaches_its_system(served: ArtifactServer, services: RunningServices) -> None:
    body = uuid.uuid4().hex
    with channel(services.urls.rabbitmq_url) as broker:
        broker.basic_publish("", QUEUE, body.encode())

    wanted = base64.b64encode(body.encode()).decode()
    eventually(lambda: wanted in data(served, "/letters/list")["bodies"], "the letter is kept")


def test_throttled_system_disturbs_no_other(served: ArtifactServer) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(eventually, lambda: answers(served, "/letters/slow"), "it has its turn")
        eventually(lambda: not answers(served, "/letters/list"), "it is throttled")
        assert answers(served, "/health")
        assert slow.result()

    assert answers(served, "/letters/list")


def test_dead_function_disturbs_no_other(served: ArtifactServer) -> None:
    assert ask(served, "/letters/death").status_code == 502
    assert answers(served, "/health")
    assert answers(served, "/letters/list")


def invoke(served: ArtifactServer, name: str) -> httpx.Response:
    event = json.dumps(scheduled_event("purge", datetime.now(UTC)))
    url = f"{served.control_url}/2015-03-31/functions/{name}/invocations"
    return httpx.post(url, content=event, timeout=60)


def test_shared_name_wants_its_system(served: ArtifactServer) -> None:
    unclear = invoke(served, "purge")

    assert unclear.status_code == 404
    assert "banking/purge or letters/purge" in unclear.json()["Message"]
    assert invoke(served, "letters/purge").json() == {"letters": 0}
    assert "x-amz-function-error" not in invoke(served, "publish_metrics").headers


def test_each_system_was_migrated(served: ArtifactServer) -> None:
    for system in ("banking", "letters"):
        assert invoke(served, f"{system}/migrate").json() == {"applied": []}


def test_one_system_is_replaced(served: ArtifactServer, artifacts: Artifacts) -> None:
    template = str(artifacts["letters"].template)

    answer = httpx.put(f"{served.control_url}/artifact", content=template, timeout=60)

    assert answer.status_code == 204
    assert "bodies" in data(served, "/letters/list")
    assert ask(served, "/customer/list").status_code == 401
