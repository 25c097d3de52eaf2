"""Every endpoint of banking, from the live route table, so that a new one is tested at once."""

from __future__ import annotations

from dataclasses import dataclass

from fintegrate.http.endpoint import Access, Endpoint
from local.documents import routes_of


@dataclass(frozen=True)
class Route:
    """One method of one path; `spec` is None for what answers without the decorator."""

    method: str
    path: str
    spec: Endpoint | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def public(self) -> bool:
        return self.spec is None or self.spec.access is Access.PUBLIC


ROUTES = [
    Route(method, path, getattr(entry.view_function, "__endpoint__", None))
    for path, methods in sorted(routes_of("banking").items())
    for method, entry in sorted(methods.items())
]
DECORATED = [route for route in ROUTES if route.spec is not None]
WITH_KEY = [route for route in ROUTES if not route.public]
ADMINS = [r for r in WITH_KEY if r.spec is not None and r.spec.access is Access.ADMIN]
WITH_BODY = [route for route in DECORATED if route.method != "GET"]
WITH_QUERY = [route for route in DECORATED if route.method == "GET"]
POSTS = [route for route in DECORATED if route.method == "POST"]
