"""The Postman collection, sent from top to bottom as Postman would: no request gets an error."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from local.banking.documents.postman import KEPT, ONLY_WITH, PLAN
from local.banking.in_process import api_event, invoke
from local.banking.tenant_queues import remove_queues
from local.documents import openapi_document
from local.documents.postman import postman_collection


def test_collection_passes_top_to_bottom(parts: object, environment: dict[str, str]) -> None:
    collection = postman_collection(openapi_document("banking"), PLAN)
    variables = {variable["key"]: variable["value"] for variable in collection["variable"]}
    variables |= {
        "base_url": "",
        "api_key": environment["ADMIN_API_KEY"],
        "$timestamp": uuid.uuid4().hex[:12],
    }
    answers = {}

    for item in [item for folder in collection["item"] for item in folder["item"]]:
        if not skipped(item, variables):
            answer = send(item["name"].partition(" ")[2], item["request"], variables)
            answers[item["name"]] = answer["statusCode"]
            keep(answer, variables)
    remove_queues(
        environment["RABBITMQ_URL"],
        [f"{kind}_{variables['$timestamp']}" for kind in ("bank", "onboarded")],
    )

    assert {name: status for name, status in answers.items() if status >= 300} == {}
    assert len(answers) == sum(len(folder["item"]) for folder in collection["item"]) - len(
        ONLY_WITH
    )
    assert all(variables[name] for name in (*KEPT, "issued_key_id"))


def skipped(item: dict[str, Any], variables: dict[str, str]) -> bool:
    """By the script before the request."""
    scripts = [line for event in item.get("event", []) for line in event["script"]["exec"]]
    names = [
        name for line in scripts for name in re.findall(r'variables\.get\("(\w+)"', line, re.I)
    ]
    return any(not variables[name] for name in names)


def send(path: str, request: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    def filled(text: str) -> str:
        return re.sub(r"{{([^}]+)}}", lambda found: variables[found[1]], text)

    url, _, query = filled(request["url"]["raw"]).partition("?")
    parameters = {name: variables[name] for name in re.findall(r"{(\w+)}", path)}
    assert path.format(**parameters) == url
    body = filled(request["body"]["raw"]).encode() if "body" in request else b""
    headers = {"X-API-Key": variables["api_key"]} if "auth" not in request else {}
    if body:
        headers["Content-Type"] = "application/json"
    return invoke(api_event(request["method"], path, headers, body, query, parameters=parameters))


def keep(answer: dict[str, Any], variables: dict[str, str]) -> None:
    """As the collection's script does (`KEEP_IDS`)."""
    if answer["headers"].get("Content-Type") != "application/json":
        return
    answered = json.loads(answer["body"]).get("data") or {}
    for found in (answered, *answered.get("events", [])[:1]):
        variables |= {name: found[name] for name in KEPT if found.get(name)}
    if answered.get("api_key"):
        variables["issued_key_id"] = answered["api_key"].split("_")[1]
