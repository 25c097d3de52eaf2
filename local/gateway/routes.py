"""Finds the function for a path and method. Routes are data, from the app or from a template.

Paths have API Gateway's form: literal segments, `{name}` for one segment, `{name+}` for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.types import Scope

if TYPE_CHECKING:
    from chalice.app import Chalice

Routes = Mapping[str, Mapping[str, str]]
"""Path → method, or `ANY_METHOD` for all others → function name."""
ANY_METHOD = "ANY"


@dataclass(frozen=True)
class Match:
    """The resource of a path, and the values of the path's parameters."""

    resource: str
    functions: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def function(self, method: str) -> str:
        """The function for a method; empty when there is none."""
        return self.functions.get(method) or self.functions.get(ANY_METHOD, "")

    @property
    def methods(self) -> set[str]:
        """The methods that a caller may use, with HEAD wherever there is GET."""
        named = self.functions.keys() - {ANY_METHOD, "OPTIONS"}
        return {*named, "HEAD"} if "GET" in named else set(named)

    @property
    def allowed(self) -> str:
        """The value of `Allow`: those methods, and OPTIONS, which the gateway itself provides."""
        return ", ".join(sorted({*self.methods, "OPTIONS"}))


class RouteTable:
    """Finds the resource of a path. Literal resources come before those with parameters."""

    def __init__(self, routes: Routes) -> None:
        self._literal = {path: Match(path, methods) for path, methods in routes.items()}
        self._patterns = [(path.strip("/").split("/"), path) for path in routes if "{" in path]
        self._routes = routes

    def match(self, path: str) -> Match | None:
        """The resource of a path, or `None`. Like API Gateway, it ignores one final slash."""
        path = path.removesuffix("/") or "/"
        if path in self._literal:
            return self._literal[path]
        segments = path.lstrip("/").split("/")
        for pattern, resource in self._patterns:
            parameters = _parameters(pattern, segments)
            if parameters is not None:
                return Match(resource, self._routes[resource], parameters)
        return None


def path_of(scope: Scope) -> str:
    """The request's path without percent-encoding. An encoded slash stays so: it separates nothing."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2" not in raw:
        return str(scope["path"])
    segments = raw.decode("ascii").split("/")
    return "/".join(unquote(segment).replace("/", "%2F") for segment in segments)


def _parameters(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for index, part in enumerate(pattern):
        if part.endswith("+}"):
            rest = "/".join(segments[index:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if index >= len(segments) or not segments[index]:
            return None
        if part.startswith("{"):
            parameters[part[1:-1]] = segments[index]
        elif part != segments[index]:
            return None
    return parameters if len(pattern) == len(segments) else None


def routes_of(app: Chalice, function: str) -> dict[str, dict[str, str]]:
    """The routes of a Chalice app. One function serves them all, and any other method of them, too."""
    return {
        path: dict.fromkeys([*methods, ANY_METHOD], function)
        for path, methods in app.routes.items()
    }
