"""The console's page and its files, as a browser gets them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.console import files
from local.banking.in_process import api_event, invoke
from tests.support.banking import parts_with

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
PLAIN = "/console/assets/{name}"
pytestmark = pytest.mark.usefixtures("parts")


def get(path: str, *, name: str = "", **headers: str) -> dict[str, Any]:
    parameters = {"name": name} if name else {}
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return invoke(api_event("GET", path, sent, parameters=parameters))


def named_files() -> list[str]:
    """The files that the page names, at the address beside it, and those that its script names."""
    names = re.findall(r'(?:src|href)="console/assets/([^"]+)"', get("/console")["body"])
    (script,) = (name for name in names if name.endswith(".js"))
    return [*names, *re.findall(r'import\("\./([^"]+)"\)', get(PLAIN, name=script)["body"])]


def test_page_has_its_headers() -> None:
    answer = get("/console")

    assert answer["statusCode"] == 200
    assert len(answer["body"].encode()) <= 2_000
    headers = answer["headers"]
    expected = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "public, no-cache",
    }
    assert {name: headers[name] for name in expected} == expected
    features = headers["Permissions-Policy"].split(", ")
    assert features
    assert all(feature.endswith("=()") for feature in features)
    assert "Strict-Transport-Security" not in headers


def test_page_elsewhere_asks_for_https(environment: dict[str, str]) -> None:
    with parts_with(environment, STAGE="prod"):
        headers = get("/console")["headers"]

    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_known_page_is_not_sent_again() -> None:
    tag = get("/console")["headers"]["ETag"]

    answer = get("/console", If_None_Match=tag)

    assert (answer["statusCode"], answer["body"]) == (304, "")


def test_page_names_files_that_exist() -> None:
    names = named_files()

    assert "icon.svg" in names
    assert [name for name in names if name.startswith("more.")]
    for name in names:
        answer = get(PLAIN, name=name)
        assert answer["statusCode"] == 200, name
        assert len(answer["body"].encode()) <= 200_000
        hashed = re.search(r"\.[0-9a-f]{8,}\.", name)
        kept = answer["headers"]["Cache-Control"]
        assert kept == ("public, max-age=31536000, immutable" if hashed else "public, no-cache")
        kind = answer["headers"]["Content-Type"]
        assert kind.split(";")[0] in {"text/javascript", "text/css", "image/svg+xml"}


@pytest.mark.parametrize(
    "name", ["none.js", "index.html", "..", "../appevents/pages/page.css", "icon", ".svg", "%2e%2e"]
)
def test_other_files_are_not_found(name: str) -> None:
    answer = get(PLAIN, name=name)

    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["detail"]["status_name"] == "NOT_FOUND"
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_answers_of_the_api_are_not_kept() -> None:
    assert get("/console/session")["headers"]["Cache-Control"] == "no-store"


def test_made_up_names_are_not_kept() -> None:
    """Anybody may ask for files, so nothing may grow with what is asked for."""
    before = set(files.assets())

    statuses = {get(PLAIN, name=f"app.{number:08x}.js")["statusCode"] for number in range(20)}

    assert statuses == {404}
    assert set(files.assets()) == before >= set(named_files())
