"""What stands around the functions of a served artifact: limits, Invoke API, metrics, replacement."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.artifact.package.make import package
from local.artifact.package.template import FUNCTION, METADATA
from local.artifact.server import ArtifactServer, start_artifacts
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from local.services.settings import settings_environment

NAME = f"served_{os.getpid()}"
INVOKE = "/2015-03-31/functions/{}/invocations"


@pytest.fixture(scope="module")
def deployed(services: RunningServices) -> Iterator[ArtifactServer]:
    """An artifact on a database of its own, which lets an address make 30 requests a minute."""
    url = create_database(services.urls, NAME)
    settings = settings_environment(
        services.urls,
        **with_users(services.urls, url),
        SCHEDULER="off",
        LAMBDA_SANDBOX="process",
        RATE_LIMIT_IP_PER_MINUTE="30",
    )
    deployed = start_artifacts([package("banking")], settings)
    with deployed.server:
        yield deployed
    drop_database(services.urls, NAME)


def invoke(deployed: ArtifactServer, name: str, **headers: str) -> httpx.Response:
    url = deployed.control_url + INVOKE.format(name)
    return httpx.post(url, content=b"{}", headers=headers, timeout=60)


def test_functions_are_invoked_as_through_aws(deployed: ArtifactServer) -> None:
    answer = invoke(deployed, "Migrate")
    assert (answer.status_code, answer.json()) == (200, {"applied": []})
    assert "x-amz-function-error" not in answer.headers
    failed = invoke(deployed, "Resend")  # its event lacks what EventBridge sends
    assert failed.status_code == 200
    assert failed.headers["x-amz-function-error"] == "Unhandled"
    background = invoke(deployed, "Migrate", **{"X-Amz-Invocation-Type": "Event"})
    assert (background.status_code, background.content) == (202, b"")
    unknown = invoke(deployed, "Nobody")
    assert unknown.status_code == 404
    assert unknown.headers["x-amzn-errortype"] == "ResourceNotFoundException"


def test_replacement_loses_no_request(deployed: ArtifactServer) -> None:
    statuses: list[int] = []
    finished = threading.Event()

    def ask() -> None:
        while not finished.is_set() and len(statuses) < 15:
            statuses.append(httpx.get(f"{deployed.base_url}/health", timeout=60).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    template = str(package("banking").template)
    answer = httpx.put(f"{deployed.control_url}/artifact", content=template, timeout=60)
    finished.set()
    asking.join()
    assert answer.status_code == 204
    assert set(statuses) == {200}


def test_unmigrated_template_is_not_served(deployed: ArtifactServer, tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(package("banking").bundle.read_bytes())
    template = tmp_path / "sam.json"
    broken = {"Runtime": "python3.11", "CodeUri": "./code.zip", "Handler": "missing.handler"}
    document = {
        "Metadata": {METADATA: {"System": "banking"}},
        "Resources": {"Migrate": {"Type": FUNCTION, "Properties": broken}},
    }
    template.write_text(json.dumps(document))
    answer = httpx.put(f"{deployed.control_url}/artifact", content=str(template), timeout=60)
    assert answer.status_code == 500
    assert "missing" in answer.text
    assert invoke(deployed, "Migrate").json() == {"applied": []}


def test_console_is_served_and_opens(deployed: ArtifactServer, services: RunningServices) -> None:
    key = settings_environment(services.urls)["ADMIN_API_KEY"]
    with httpx.Client(base_url=deployed.base_url, timeout=60) as client:
        page = client.get("/console")
        icon = client.get("/console/assets/icon.svg", headers={"Accept-Encoding": "gzip"})
        began = client.post("/console/session", json={"actor": "Ann"}, headers={"X-API-Key": key})
        cookie = {"Cookie": began.headers["set-cookie"].partition(";")[0]}
        elsewhere = client.get("/console/session", headers=cookie)
        shown = client.get("/console/session", headers={**cookie, "X-Console": "1"})

    assert (page.status_code, page.headers["cache-control"]) == (200, "public, no-cache")
    assert "trusted-types 'none'" in page.headers["content-security-policy"]
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert (began.status_code, elsewhere.status_code, shown.status_code) == (201, 403, 200)
    assert shown.json()["data"]["actor"] == "Ann"


def test_gateway_counts_what_it_answers(deployed: ArtifactServer) -> None:
    httpx.get(f"{deployed.base_url}/no/such/path", timeout=60)
    shown = httpx.get(f"{deployed.control_url}/metrics", timeout=60).text
    assert 'gateway_requests_total{method="GET",resource="",status="404"}' in shown
    assert 'lambda_environments{function="Migrate",system="banking"}' in shown


def test_limits_of_the_gateway_hold(deployed: ArtifactServer) -> None:
    url = f"{deployed.base_url}/customer/data"
    large = httpx.post(url, content=b"x" * (10 * 1024 * 1024 + 1), timeout=60)
    assert (large.status_code, large.json()["detail"]["status_code"]) == (413, "413")
    answers = [httpx.get(f"{deployed.base_url}/no/such/path", timeout=60) for _ in range(31)]
    limited = answers[-1]
    assert (limited.status_code, limited.json()["detail"]["status_code"]) == (429, "429")
    assert int(limited.headers["retry-after"]) >= 1
    assert limited.headers["x-request-id"]
