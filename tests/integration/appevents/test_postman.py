"""The Postman collection, sent from top to bottom as Postman would: no request gets an error."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from chalicelib import systems
from local.appevents.documents.postman import PLAN
from local.banking.in_process import api_event, invoke
from local.documents import openapi_document
from local.documents.postman import postman_collection
from tests.integration.appevents.conftest import User

VARIABLE = re.compile(r"{{([^}]+)}}")
PARAMETER = re.compile(r"{(\w+)}")


def test_collection_passes_top_to_bottom(user: User, environment: dict[str, str]) -> None:
    document = openapi_document("appevents")
    collection = postman_collection(document, PLAN)
    variables = {each["key"]: each["value"] for each in collection["variable"]}
    key = environment["ADMIN_API_KEY"]
    variables |= {"base_url": "", "token": user.token, "admin_api_key": key}
    refused: dict[str, Any] = {}
    sent: list[str] = []

    systems.served.use(systems.named("appevents"))
    try:
        for item in [item for folder in collection["item"] for item in folder["item"]]:
            if not is_skipped(item, variables):
                answer = send(item, variables)
                sent.append(item["name"])
                refused |= {item["name"]: answer["body"]} if answer["statusCode"] >= 300 else {}
                keep(answer, variables)
    finally:
        systems.served.use(None)

    assert refused == {}
    assert "GET /api/v1/notify/events/{client_generated_id}" in sent
    assert "GET /api/v1/machines/{machine_id}/notes" in sent
    assert "GET /api/v1/videos/{video_id}" in sent
    assert "POST /api/v1/ops/dead-letters/redrive" in sent


def is_skipped(item: dict[str, Any], variables: dict[str, str]) -> bool:
    """By the scripts before the request."""
    scripts = [line for event in item.get("event", []) for line in event["script"]["exec"]]
    names = [n for line in scripts for n in re.findall(r'variables\.get\("(\w+)"', line, re.I)]
    return any(not variables[name] for name in names)


def send(item: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    request = item["request"]
    made = {"$guid": str(uuid.uuid4()), "$isoTimestamp": datetime.now(UTC).isoformat()}

    def filled(text: str) -> str:
        return VARIABLE.sub(lambda found: {**variables, **made}[found[1]], text)

    _, _, query = filled(request["url"]["raw"]).partition("?")
    route = item["name"].partition(" ")[2]
    values = {name: variables[name] for name in PARAMETER.findall(route)}
    body = filled(request["body"]["raw"]).encode() if "body" in request else b""
    headers = {"Content-Type": "application/json"} if body else {}
    how = request.get("auth", {}).get("type")
    if how == "apikey":
        headers["X-API-Key"] = variables["admin_api_key"]
    elif how is None:
        headers["Authorization"] = f"Bearer {variables['token']}"
    event = api_event(request["method"], route, headers, body, query, parameters=values)
    return invoke(event)


def keep(answer: dict[str, Any], variables: dict[str, str]) -> None:
    """As the collection's script does (`KEEP`)."""
    if answer["headers"].get("Content-Type") == "application/json":
        answered = json.loads(answer["body"]).get("data") or {}
        kept = {name: answered.get(name) for name in ("client_generated_id", "video_id")}
        variables |= {name: value for name, value in kept.items() if value}
