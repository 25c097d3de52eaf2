"""GET /app/…: what a browser gets, in this process."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents import wiring
from local.banking.in_process import api_event, invoke

MODULE = "/app/offline-queue.js"


def get(path: str, query: str = "", **headers: str) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer: dict[str, Any] = invoke(api_event("GET", path, sent, b"", query))
    return answer


def test_module_is_for_anybody(running: wiring.Parts) -> None:
    answer = get(MODULE)

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert "export function createOfflineQueue" in answer["body"]


def test_known_module_is_not_sent_again(running: wiring.Parts) -> None:
    tag = get(MODULE)["headers"]["ETag"]

    answer = get(MODULE, If_None_Match=tag)

    assert (answer["statusCode"], answer["body"]) == (304, "")


def test_named_version_is_kept(running: wiring.Parts) -> None:
    version = get(MODULE)["headers"]["ETag"].removeprefix('W/"').removesuffix('"')

    assert "immutable" in get(MODULE, f"v={version}")["headers"]["Cache-Control"]
