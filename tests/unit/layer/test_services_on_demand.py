"""A process imports a service when the first request asks for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chalice import Blueprint

from fintegrate.http.rest_api import RestApi, event_sources
from local.aws_shapes.lambda_context import LambdaContext
from local.banking.in_process import api_event

ROOT = Path(__file__).resolve().parents[3]
FIRST_REQUESTS = """
from app import app
from local.banking.in_process import api_event, invoke

for path in ("/operations/index", "/openapi.json"):
    invoke(api_event("GET", path, {}))
print(*sorted({"/customer/data", "/events/list", "/health"} & set(app.routes)))
"""


class _Served:
    """An API of two services and what is for both; knows what was imported."""

    def __init__(self) -> None:
        self.imported: list[str] = []
        self.api = RestApi("api", configure_logs=False)
        for name, path in (("bird", "/bird/one"), ("fish", "/fish/one"), ("both", "/all")):
            self.api.serve_later(name, self._service(name, path))

    def _service(self, name: str, path: str) -> Callable[[], Blueprint]:
        def load() -> Blueprint:
            self.imported.append(name)
            blueprint = Blueprint(f"tests.{name}")
            blueprint.route(path)(lambda: {"from": name})
            return blueprint

        return load

    def status(self, path: str) -> int:
        event = api_event("GET", path, {}, b"", "", "127.0.0.1")
        return int(self.api(event, LambdaContext("api", 29))["statusCode"])


@pytest.fixture
def served() -> _Served:
    return _Served()


def test_request_imports_only_its_service(served: _Served) -> None:
    assert served.status("/fish/one") == 200

    assert served.imported == ["fish"]


def test_service_is_imported_only_once(served: _Served) -> None:
    assert [served.status("/fish/one"), served.status("/bird/one")] == [200, 200]
    assert [served.status("/fish/one"), served.status("/fish/two")] == [200, 400]

    assert sorted(served.imported) == ["bird", "both", "fish"]


def test_other_paths_import_everything(served: _Served) -> None:
    assert served.status("/all") == 200

    assert served.imported == ["bird", "fish", "both"]


def test_schedules_are_known_without_a_request() -> None:
    api, runs = RestApi("api", configure_logs=False), Blueprint("tests.runs")
    runs.schedule("rate(1 minute)", name="tick")(lambda _event: None)
    asked = Blueprint("tests.asked")
    asked.route("/asked/one")(lambda: [each.name for each in event_sources(asked, "runs")])
    api.serve_later("runs", lambda: runs)
    api.serve_later("asked", lambda: asked)

    for _ in range(2):
        answer = api(api_event("GET", "/asked/one", {}), LambdaContext("api", 29))
        assert answer["body"] == '["tick"]'


def test_everything_can_be_imported_first(served: _Served) -> None:
    served.api.serve_everything()

    assert set(served.api.routes) == {"/bird/one", "/fish/one", "/all"}
    assert [served.status("/all"), len(served.imported)] == [200, 3]


def test_no_path_imports_the_document_alone() -> None:
    """It lists the routes that it finds, and is made once in a process."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_REQUESTS],
        cwd=ROOT,
        env={"PYTHONPATH": ".:vendor", "_HANDLER": "app.app"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["/customer/data", "/events/list", "/health"]


def without(*names: str, **said: object) -> dict[str, Any]:
    """The event of a request, with some of its parts missing, and others in its context."""
    event = api_event("GET", "/fish/one", {}, b"", "", "127.0.0.1")
    event["requestContext"] |= said
    return {name: value for name, value in event.items() if name not in names}


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        without("requestContext"),
        without("headers"),
        without("multiValueQueryStringParameters"),
        without("pathParameters"),
        without("body"),
        without(resourcePath=None),
        without(resourcePath=["/fish/one"]),
        without(httpMethod=None),
        without(httpMethod=["GET"]),
    ],
)
def test_other_events_import_nothing(served: _Served, event: Any) -> None:
    assert served.api(event, LambdaContext("api", 29))["statusCode"] == 400

    assert served.imported == []
