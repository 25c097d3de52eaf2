"""The Postman collection, made from the OpenAPI document: one folder a service.

Ids that an answer gives are kept as variables, and later requests send them. So the admin can send all
requests from top to bottom as they are: no request gets an error.
Source: https://schema.getpostman.com/json/collection/v2.1.0/collection.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
LOCAL = "http://127.0.0.1:8000"
KEPT = ("customer_id", "consumer_id", "event_id")
KEEP_IDS = f"""\
const isJson = pm.response.headers.get("Content-Type") === "application/json";
const answered = (isJson && pm.response.json().data) || {{}};
for (const found of [answered, ...(answered.events || []).slice(0, 1)])
  for (const name of {json.dumps(KEPT)})
    if (found[name]) pm.collectionVariables.set(name, found[name]);
if (answered.api_key)
  pm.collectionVariables.set("issued_key_id", answered.api_key.split("_")[1]);"""
GIVEN = ("issued_key_id", "blocked_customer_id")
"""Other variables: the public id of an issued key, and a customer to be named by hand."""
SENT: dict[str, dict[str, Any]] = {
    "POST /consumer/data": {"consumer_name": "bank_{{$timestamp}}"},
    "POST /consumer/change-status": {"status": "deactivated"},
    "GET /consumer/api-key/uses": {"key": "{{issued_key_id}}"},
    "POST /consumer/deactivate-api-key": {"api_key": "{{issued_key_id}}"},
    "PATCH /customer/change-status": {"status": "INACTIVE"},
    "DELETE /customer/tag": {"tag_key": "risk_class"},
    "POST /events/skip-head": {"customer_id": "{{blocked_customer_id}}"},
}
"""Fields in place of the document's examples: what fits the state that the earlier requests left."""
ONLY_WITH = {"POST /events/skip-head": "blocked_customer_id"}
"""Requests that are skipped until somebody sets the variable."""
PLACES = {
    "GET /events/list": -1,
    "PATCH /customer/tag-key": 2.5,
    "POST /consumer/deactivate-api-key": 4,
    "POST /consumer/change-status": 5,
}
"""Requests that come earlier or later than others of their method (the method's index)."""
METHODS = ["POST", "GET", "PATCH", "DELETE"]


def postman_collection(openapi: dict[str, Any]) -> dict[str, Any]:
    """The collection of every operation of the document."""
    info = openapi["info"]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "auth": {"type": "apikey", "apikey": [*_pairs(key="X-API-Key", value="{{api_key}}")]},
        "variable": [
            {"key": "base_url", "value": LOCAL, "type": "string"},
            {"key": "api_key", "value": "", "type": "string"},
            *({"key": name, "value": "", "type": "string"} for name in (*KEPT, *GIVEN)),
        ],
        "event": [
            {"listen": "test", "script": {"type": "text/javascript", "exec": KEEP_IDS.split("\n")}}
        ],
        "item": [
            {
                "name": tag["name"],
                "description": tag["description"],
                "item": list(_requests(openapi, tag["name"])),
            }
            for tag in openapi["tags"]
        ],
    }


def _requests(openapi: dict[str, Any], tag: str) -> Iterator[dict[str, Any]]:
    """The requests of a service, in an order in which each finds what it needs."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    for method, path, operation in sorted(operations, key=lambda found: _turn(found[0], found[1])):
        yield _item(openapi, method, path, operation)


def _turn(method: str, path: str) -> tuple[float, bool, str]:
    """Things are made first and deleted last; what they consist of comes after, or before that."""
    is_part = not path.endswith("/data")
    place = PLACES.get(f"{method} {path}", METHODS.index(method))
    return place, is_part != (method == "DELETE"), path


def _item(
    openapi: dict[str, Any], method: str, path: str, operation: dict[str, Any]
) -> dict[str, Any]:
    name = f"{method} {path}"
    sent = SENT.get(name, {})
    parameters = [_resolved(openapi, parameter) for parameter in operation["parameters"]]
    request: dict[str, Any] = {
        "method": method,
        "description": operation.get("description", operation["summary"]),
        "header": [_entry(p, {}) for p in parameters if p["in"] == "header"],
        "url": _url(path, [_entry(p, sent) for p in parameters if p["in"] == "query"]),
    }
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        request["body"] = _body({**example, **sent})
    events = {"event": [_skipped_without(ONLY_WITH[name])]} if name in ONLY_WITH else {}
    return {"name": name, **events, "request": request, "response": []}


def _skipped_without(variable: str) -> dict[str, Any]:
    """A script before a request: skips it while the variable is empty."""
    script = f'if (!pm.collectionVariables.get("{variable}")) pm.execution.skipRequest();'
    return {"listen": "prerequest", "script": {"type": "text/javascript", "exec": [script]}}


def _url(path: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    sent = "&".join(f"{q['key']}={q['value']}" for q in query if not q["disabled"])
    return {
        "raw": "{{base_url}}" + path + ("?" + sent if sent else ""),
        "host": ["{{base_url}}"],
        "path": path.strip("/").split("/"),
        "query": query,
    }


def _entry(parameter: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """A query parameter or header; what is optional is there to be switched on."""
    example = parameter.get("example", parameter["schema"].get("default", ""))
    example = sent.get(parameter["name"], example)
    return {
        "key": parameter["name"],
        "value": str(_variable(parameter["name"], example)),
        "description": parameter.get("description", ""),
        "disabled": not parameter.get("required", False),
    }


def _body(example: dict[str, Any]) -> dict[str, Any]:
    fields = {name: _variable(name, value) for name, value in example.items()}
    return {
        "mode": "raw",
        "raw": json.dumps(fields, indent=2, ensure_ascii=False),
        "options": {"raw": {"language": "json"}},
    }


def _variable(name: str, value: Any) -> Any:
    given = isinstance(value, str) and value.startswith("{{")
    return "{{" + name + "}}" if name in KEPT and not given else value


def _pairs(**values: str) -> Iterator[dict[str, str]]:
    for key, value in values.items():
        yield {"key": key, "value": value, "type": "string"}


def _resolved(openapi: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: dict[str, Any] = openapi["components"]["parameters"][
        parameter["$ref"].rpartition("/")[2]
    ]
    return found
