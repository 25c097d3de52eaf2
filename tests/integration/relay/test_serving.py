"""The relay served from source beside banking, as `make local` does it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis import Case, GenerationMode

from local.documents import openapi_document, routes_of
from local.documents.postman import postman_collection
from local.relay.documents.postman import PLAN
from local.services.databases import with_users
from local.services.running import RunningServices
from local.services.settings import RECORD, settings_environment
from local.serving.server import start_server
from tests.integration.relay.conftest import SETTING
from tests.integration.relay.test_slice import HAPPENED
from tests.support.openapi import hold_to_document
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import eventually

APPEVENTS = "NOTIFY_DATABASE_URL"
"""Of the database that app.events asks for its health."""
EVENT = {
    "storefront_id": "bosley",
    "event_name": "purchase_completed",
    "event_time": HAPPENED.isoformat(),
    "order_id": "2025010100001111",
    "order_revenue": 80.79,
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def environment(
    services: RunningServices,
    database_url: str,
    copy_database: Callable[[str], str],
    receiver: Receiver,
    tmp_path: Path,
) -> dict[str, str]:
    return settings_environment(
        services.urls,
        **with_users(services.urls, database_url, SETTING),
        **with_users(services.urls, copy_database("DATABASE_URL")),
        **with_users(services.urls, copy_database(APPEVENTS), APPEVENTS),
        **{RECORD: f"file://{tmp_path / 'record'}"},
        RELAY_ALLOW_HOSTS=receiver.allowed,
        SCHEDULER="off",
        STAGE="local",
    )


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[httpx.Client]:
    """The admin of the relay, calling a server of its own."""
    admin = (environment["RELAY_ADMIN_USER"], environment["RELAY_ADMIN_PASSWORD"])
    with (
        start_server(environment) as server,
        httpx.Client(base_url=server.base_url, auth=admin, timeout=30) as client,
    ):
        yield client


@pytest.fixture
def client(environment: dict[str, str]) -> Iterator[httpx.Client]:
    with serving(environment) as client:
        yield client


def test_nudge_delivers_what_was_accepted(
    client: httpx.Client, environment: dict[str, str], receiver: Receiver, query: Any
) -> None:
    """The schedules are off, so only the queue function can have sent it."""
    shop = made(client, "storefronts", {"storefront_id": "bosley", "name": "Bosley"})
    (platform,) = query("SELECT id FROM ad_analytics_platforms WHERE platform_code = 'webhook'")
    destination = {"platform_id": platform["id"], "settings": {"url": receiver.url}}
    made(client, "credentials", {"storefront_id": shop["id"], "credentials": {}, **destination})

    accepted = client.post(
        "/v1/events",
        json={"data": [EVENT]},
        auth=(environment["RELAY_INGEST_USER"], environment["RELAY_INGEST_PASSWORD"]),
    )

    assert accepted.status_code == 202, accepted.text
    number = accepted.json()["data"]["results"][0]["id"]

    def life() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/admin/v1/events/{number}").json()["data"]
        return found

    eventually(
        lambda: [each["status"] for each in life()["deliveries"]] == ["delivered"], "a delivery"
    )
    assert [got.data["order_id"] for got in receiver.got] == [EVENT["order_id"]]


def test_one_process_answers_for_both(client: httpx.Client) -> None:
    health = reached(client).json()["data"]
    paths = client.get("/openapi.json").json()["paths"]

    servers = ("database", "broker", "cache")
    assert {health[name]["status"] for name in servers} == {"up"}
    assert {health["relay"][name]["status"] for name in servers} == {"up"}
    assert [health[name]["status"] for name in ("relay", "appevents")] == ["up", "up"]
    assert {"/customer/data", "/v1/events", "/admin/v1/storefronts"} <= set(paths)


@pytest.mark.parametrize("read_only", [False, True])
def test_console_opens_the_relay(
    client: httpx.Client, environment: dict[str, str], read_only: bool, query: Any
) -> None:
    """An operator signs in once; a session that may only look may only look here, too."""
    with httpx.Client(base_url=client.base_url, headers={"X-Console": "1"}) as page:
        signed_in = page.post(
            "/console/session",
            json={"actor": "Ann Example", "read_only": read_only},
            headers={"X-API-Key": environment["ADMIN_API_KEY"]},
        )
        cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
        shown = page.get("/console/session", headers=cookie).json()["data"]["systems"]
        issued = page.get("/console/pass?system=relay", headers=cookie).json()["data"]
        by_pass = {"X-Console-Pass": issued["token"]}

        assert [each["name"] for each in shown] == ["banking", "relay", "appevents"]
        assert page.get("/admin/v1/storefronts").status_code == 401
        assert page.get("/admin/v1/storefronts", headers=by_pass).status_code == 200
        shop = {"storefront_id": "bosley", "name": "Bosley"}
        made = page.post("/admin/v1/storefronts", json=shop, headers=by_pass)
        assert page.post("/v1/events", json={"data": [EVENT]}, headers=by_pass).status_code == 401
    assert made.status_code == (403 if read_only else 201)
    (row,) = query("SELECT * FROM audit_log WHERE actor IS NOT NULL")
    assert (row["actor"], row["status_code"]) == ("Ann Example", made.status_code)
    assert row["session_id"] is not None


@pytest.mark.parametrize("examples", [2, pytest.param(10, marks=pytest.mark.night_long)])
def test_relay_alone_keeps_to_its_documents(environment: dict[str, str], examples: int) -> None:
    """First the collection, as Postman would send it; then what OpenAPI allows and forbids."""
    collection = postman_collection(openapi_document("relay"), PLAN)
    requests = {
        item["name"]: item["request"] for folder in collection["item"] for item in folder["item"]
    }
    with serving({**environment, "SYSTEM": "relay"}) as client:
        known = {
            "base_url": str(client.base_url),
            "$timestamp": "1",
            "$isoTimestamp": HAPPENED.isoformat(),
        }
        refused: dict[str, str] = {}
        for name, request in requests.items():
            if name not in PLAN.only_with:
                answer = sent(client, request, known)
                known |= kept(request, answer)
                refused |= {name: answer.text} if answer.status_code >= 300 else {}
        assert refused == {}
        hold_all_to_document(client, environment, examples)


def hold_all_to_document(client: httpx.Client, environment: dict[str, str], examples: int) -> None:
    base_url = str(client.base_url).rstrip("/")
    user = f"{environment['RELAY_ADMIN_USER']}:{environment['RELAY_ADMIN_PASSWORD']}"
    headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
    schema = schemathesis.openapi.from_url(f"{base_url}/openapi.json")
    for path, methods in openapi_document("relay")["paths"].items():
        for method in methods:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                if mode is GenerationMode.POSITIVE or takes_something(method, path):
                    hold_to_document(
                        schema[path][method],
                        base_url,
                        {"the admin": headers},
                        mode=mode,
                        examples=examples,
                        change=known if in_its_place(mode, method) else lambda _case, _who: None,
                    )


def in_its_place(mode: GenerationMode, method: str) -> bool:
    """Whether a known id may stand in a path: in place of one that is forbidden, nothing would be."""
    return mode is GenerationMode.POSITIVE and method in {"get", "patch"}


def takes_something(method: str, path: str) -> bool:
    """Whether there is anything that the document could forbid."""
    spec = routes_of("relay")[path][method.upper()].view_function.__endpoint__
    return bool(spec.path or spec.takes.model_fields)


def known(case: Case, _who: str) -> None:
    """Ask for the first thing of its kind."""
    if isinstance(case.path_parameters.get("id"), int):
        case.path_parameters["id"] = 1
    if isinstance(case.query, dict):
        case.query.pop("cursor", None)


def sent(client: httpx.Client, request: dict[str, Any], known: dict[str, str]) -> httpx.Response:
    return client.request(
        request["method"],
        filled(request["url"]["raw"], known),
        content=filled(request.get("body", {}).get("raw", ""), known),
        headers={"Content-Type": "application/json"},
    )


def filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"{{([^}]+)}}", lambda found: known[found[1]], text)


def kept(request: dict[str, Any], answer: httpx.Response) -> dict[str, str]:
    """What the collection's script keeps of an answer."""
    if request["method"] != "POST":
        return {}
    data = answer.json()["data"]
    resource = request["url"]["path"][-1].replace("-", "_")
    found = {f"{resource}_id": data.get("id"), "lanes_id": data.get("lane_id")}
    if request["url"]["path"][-1] == "storefronts":
        found["storefront_code"] = data["storefront_id"]
    if "results" in data:
        found["events_id"] = data["results"][0]["id"]
    return {name: str(value) for name, value in found.items() if value is not None}


def reached(client: httpx.Client) -> httpx.Response:
    """Its health, once it is well: a process that just started may be late on a busy machine."""
    answers = [client.get("/health")]

    def is_well() -> bool:
        answers.append(client.get("/health"))
        return answers[-1].status_code == 200

    eventually(is_well, lambda: answers[-1].text)
    return answers[-1]


def made(client: httpx.Client, what: str, wanted: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/admin/v1/{what}", json=wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found
