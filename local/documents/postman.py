"""The Postman collection of a system, made from its OpenAPI document: one folder a service.

Ids that an answer gives are kept as variables, and later requests send them. So the admin can send all
requests from top to bottom as they are: no request gets an error. A system says in its `Plan` what that
takes. The `{id}` of a path after `things` is the variable `things_id`, another `{name}` is `name`.
Source: https://schema.getpostman.com/json/collection/v2.1.0/collection.json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
LOCAL = "http://127.0.0.1:8000"
METHODS = ["POST", "GET", "PATCH", "DELETE", "PUT"]
_NAMED = re.compile(r"(?<!{){(\w+)}(?!})")
_VARIABLE = re.compile(r"{{(\w+)}}")
_IN_PATH = re.compile(r"/([\w-]+)/\{id\}")
NONE: Mapping[str, Any] = MappingProxyType({})


class Plan(NamedTuple):
    """How a system's requests follow each other."""

    auth: Mapping[str, Any]
    credentials: Sequence[str]
    """The variables that the user fills in."""
    kept: Sequence[str]
    """Variables that answers fill; a field of this name sends it."""
    keep: str
    """The script that keeps them."""
    given: Sequence[str] = ()
    """Other variables."""
    sent: Mapping[str, Mapping[str, Any]] = NONE
    """Fields in place of the document's examples: what fits the state that the earlier requests left."""
    only_with: Mapping[str, str] = NONE
    """Requests that are skipped until somebody sets the variable, which stands in their path."""
    places: Mapping[str, float] = NONE
    """Requests that come earlier or later than others of their method (the method's index)."""
    numbers: Sequence[str] = ()
    """Variables that are sent as numbers."""
    folders: Sequence[str] = ()
    """The services whose requests come first, in this order."""
    known: Mapping[str, str] = NONE
    """Variables that have a value from the start."""
    other_auth: Mapping[str, Mapping[str, Any]] = NONE
    """Instead of `auth`, where an operation names this scheme first."""
    skips_unknown: bool = False
    """Whether a request is skipped while a variable of its path is empty."""


def postman_collection(openapi: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The collection of every operation of the document."""
    info = openapi["info"]
    return {
        "info": {"name": info["title"], "description": info["description"], "schema": SCHEMA},
        "auth": dict(plan.auth),
        "variable": [
            {"key": "base_url", "value": LOCAL, "type": "string"},
            *(
                {"key": name, "value": "", "type": "string"}
                for name in (*plan.credentials, *plan.kept, *plan.given)
            ),
            *({"key": n, "value": value, "type": "string"} for n, value in plan.known.items()),
        ],
        "event": [
            {"listen": "test", "script": {"type": "text/javascript", "exec": plan.keep.split("\n")}}
        ],
        "item": [
            {
                "name": tag["name"],
                "description": tag["description"],
                "item": list(_requests(openapi, plan, tag["name"])),
            }
            for tag in sorted(openapi["tags"], key=lambda tag: _place(plan, tag["name"]))
        ],
    }


def _place(plan: Plan, folder: str) -> int:
    return plan.folders.index(folder) if folder in plan.folders else len(plan.folders)


def _requests(openapi: dict[str, Any], plan: Plan, tag: str) -> Iterator[dict[str, Any]]:
    """The requests of a service, in an order in which each finds what it needs."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    for method, path, operation in sorted(
        operations, key=lambda found: _turn(plan, found[0], found[1])
    ):
        yield _item(openapi, plan, method, path, operation)


def _turn(plan: Plan, method: str, path: str) -> tuple[float, bool, str]:
    """Things are made first and deleted last; what they consist of comes after, or before that."""
    is_part = not path.endswith("/data")
    place = plan.places.get(f"{method} {path}", METHODS.index(method))
    return place, is_part != (method == "DELETE"), path


def _item(
    openapi: dict[str, Any], plan: Plan, method: str, path: str, operation: dict[str, Any]
) -> dict[str, Any]:
    name = f"{method} {path}"
    if name in plan.only_with:
        path = path.replace("{id}", "{{" + plan.only_with[name] + "}}")
    sent = plan.sent.get(name, {})
    parameters = [_resolved(openapi, parameter) for parameter in operation["parameters"]]
    request: dict[str, Any] = {
        "method": method,
        "description": operation.get("description", operation["summary"]),
        "header": [_entry(plan, p, NONE) for p in parameters if p["in"] == "header"],
        "url": _url(path, [_entry(plan, p, sent) for p in parameters if p["in"] == "query"]),
    }
    schemes = [scheme for each in operation.get("security", []) for scheme in each]
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    elif schemes and schemes[0] in plan.other_auth:
        request["auth"] = dict(plan.other_auth[schemes[0]])
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        request["body"] = _body(plan, {**example, **sent})
    needed = [plan.only_with[name]] if name in plan.only_with else []
    if plan.skips_unknown:
        needed += _VARIABLE.findall("/".join(request["url"]["path"]))
    events = {"event": [_skipped_without(variable) for variable in needed]} if needed else {}
    return {"name": name, **events, "request": request, "response": []}


def _skipped_without(variable: str) -> dict[str, Any]:
    """A script before a request: skips it while the variable is empty."""
    script = f'if (!pm.collectionVariables.get("{variable}")) pm.execution.skipRequest();'
    return {"listen": "prerequest", "script": {"type": "text/javascript", "exec": [script]}}


def _url(path: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    path = _IN_PATH.sub(lambda found: f"/{found[1]}/{{{{{found[1].replace('-', '_')}_id}}}}", path)
    path = _NAMED.sub(r"{{\1}}", path)
    sent = "&".join(f"{q['key']}={q['value']}" for q in query if not q["disabled"])
    return {
        "raw": "{{base_url}}" + path + ("?" + sent if sent else ""),
        "host": ["{{base_url}}"],
        "path": path.strip("/").split("/"),
        "query": query,
    }


def _entry(plan: Plan, parameter: dict[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """A query parameter or header; what is optional is there to be switched on."""
    example = parameter.get("example", parameter["schema"].get("default", ""))
    example = sent.get(parameter["name"], example)
    return {
        "key": parameter["name"],
        "value": str(_variable(plan, parameter["name"], example)),
        "description": parameter.get("description", ""),
        "disabled": not parameter.get("required", False) and parameter["name"] not in sent,
    }


def _body(plan: Plan, example: dict[str, Any]) -> dict[str, Any]:
    fields = {name: _variable(plan, name, value) for name, value in example.items()}
    raw = json.dumps(fields, indent=2, ensure_ascii=False)
    for name in plan.numbers:
        raw = raw.replace(f'"{{{{{name}}}}}"', f"{{{{{name}}}}}")
    return {
        "mode": "raw",
        "raw": raw,
        "options": {"raw": {"language": "json"}},
    }


def _variable(plan: Plan, name: str, value: Any) -> Any:
    given = isinstance(value, str) and value.startswith("{{")
    return "{{" + name + "}}" if name in plan.kept and not given else value


def pairs(**values: str) -> Iterator[dict[str, str]]:
    for key, value in values.items():
        yield {"key": key, "value": value, "type": "string"}


def _resolved(openapi: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: dict[str, Any] = openapi["components"]["parameters"][
        parameter["$ref"].rpartition("/")[2]
    ]
    return found
