"""Every endpoint of every system, from the live route table, so that a new one is tested at once.

Names without a system are banking's.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib import systems
from fintegrate.http.endpoint import Access, Endpoint
from local.documents import routes_of


@dataclass(frozen=True)
class Route:
    """One method of one path; `spec` is None for what answers without the decorator."""

    system: str
    method: str
    path: str
    spec: Endpoint | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def public(self) -> bool:
        return self.spec is None or self.spec.access is Access.PUBLIC

    @property
    def is_optional(self) -> bool:
        """Whether credentials may be left out."""
        return self.spec is not None and self.spec.access is Access.OPTIONAL

    @property
    def is_admins(self) -> bool:
        return self.spec is not None and self.spec.access is Access.ADMIN


def routes_in(system: str) -> list[Route]:
    """A system's endpoints. Those of every package are tested as the first system's."""
    return [
        Route(system, method, path, getattr(entry.view_function, "__endpoint__", None))
        for path, methods in sorted(routes_of(system).items())
        for method, entry in sorted(methods.items())
        if system == systems.NAMES[0] or f".{system}." in entry.view_function.__module__
    ]


EVERY = [route for system in systems.NAMES for route in routes_in(system)]
"""Of all systems."""
EVERY_DECORATED = [route for route in EVERY if route.spec is not None]
ROUTES = routes_in("banking")
DECORATED = [route for route in ROUTES if route.spec is not None]
WITH_KEY = [route for route in ROUTES if not route.public]
POSTS = [route for route in DECORATED if route.method == "POST"]
