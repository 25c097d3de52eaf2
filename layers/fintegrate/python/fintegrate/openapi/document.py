"""The whole document: the operations of all routes, and their shared components."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from fintegrate.openapi.description import Description, info
from fintegrate.openapi.headers import HEADERS, PARAMETERS
from fintegrate.openapi.operation import Operations, Route
from fintegrate.openapi.refusals import Refusals
from fintegrate.openapi.schemas import DETAIL_WITH_REASON, Schemas


def build_document(
    routes: Mapping[str, Mapping[str, Any]], systems: Mapping[str, Description]
) -> dict[str, Any]:
    """Make the document of Chalice's route table; routes without an `Endpoint` are left out.

    Args:
        routes: the methods of each path.
        systems: the description of each system by the name of its package. Routes of no system belong
            to the first one. Its security requirement is the document's default.
    """
    found = list(_routes(routes, systems))
    schemas = Schemas(route.spec for route in found)
    refusals = Refusals(systems)
    descriptions = list(systems.values())
    operations = Operations(systems, schemas, refusals)
    paths: dict[str, Any] = {}
    for route in found:
        paths.setdefault(route.path, {})[route.method.lower()] = operations.describe(route)
    components: dict[str, Any] = {
        "parameters": PARAMETERS,
        "headers": HEADERS,
        "responses": refusals.components,
        "schemas": schemas.components,
    }
    if any(description.has_reasons for description in descriptions):
        components["schemas"] = {**components["schemas"], "Detail": DETAIL_WITH_REASON}
    return {
        "openapi": "3.1.0",
        "info": info(descriptions),
        "servers": [{"url": ".", "description": "Where this document was read"}],
        "security": operations.security,
        "tags": _tags(found),
        "paths": paths,
        "components": {
            "securitySchemes": {
                name: one for d in descriptions for name, one in {**d.schemes, **d.further}.items()
            },
            **_used(components, paths),
        },
    }


def _used(components: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    """The components to which the paths lead, directly or by other components."""
    found: dict[tuple[str, str], Any] = {}
    waiting = list(_references(paths))
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) not in found:
            found[kind, name] = components[kind][name]
            waiting += _references(components[kind][name])
    return {
        kind: {name: one for name, one in named.items() if (kind, name) in found}
        for kind, named in components.items()
    }


def _references(node: Any) -> Iterator[tuple[str, str]]:
    """The components to which a part of the document refers: kind and name."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            _, _, kind, name = node["$ref"].split("/")
            yield kind, name
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _references(entry)


def _routes(
    routes: Mapping[str, Mapping[str, Any]], systems: Mapping[str, Description]
) -> Iterator[Route]:
    first = next(iter(systems))
    for path, methods in sorted(routes.items()):
        for method, entry in sorted(methods.items()):
            view = entry.view_function
            if hasattr(view, "__endpoint__"):
                packages = view.__module__.split(".")
                system = next((name for name in systems if name in packages), first)
                yield Route(method, path, view, system, is_further=system != first)


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    """One tag per service, described by the docstring of the service's package."""
    packages = {route.tag: route.view.__module__.rpartition(".")[0] for route in routes}
    return [
        {"name": name, "description": (sys.modules[package].__doc__ or "").strip()}
        for name, package in sorted(packages.items())
    ]
