"""The Chalice app of an HTTP API: what Chalice's own leaves out of a REST API's events.

HEAD is GET without the body (RFC 9110, 9.3.2); whoever sends the answer leaves the body out. An event
that is no request of a REST API (a test button's, a warmer's) is refused in the envelope. A service is
imported when the first request asks for it. Leaves every request to the middleware and the endpoints.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from chalice import Blueprint, Chalice

from fintegrate.cold_start import uncollected
from fintegrate.http.envelope import dumps, envelope

Load = Callable[[], Blueprint]
"""Imports a service and returns the blueprint on which its functions are registered."""
log = logging.getLogger(__name__)
_PARTS = {"headers", "multiValueQueryStringParameters", "pathParameters", "body"}
"""What an event of a REST API always has, if only as null, and what Chalice reads without a look."""
NO_REQUEST = (
    "This function answers requests of a REST API of API Gateway (payload version 1.0), with a "
    "requestContext that names one of its resources; this event is none"
)


class RestApi(Chalice):
    """A Chalice app that takes every event."""

    def __init__(self, app_name: str, *, configure_logs: bool = True) -> None:
        super().__init__(app_name, configure_logs=configure_logs)
        self._later: list[tuple[str | None, Load]] = []

    def serve_later(self, segment: str | None, load: Load) -> None:
        """Import a service when a path begins with this segment, or these, such as `api/v1/letters`.

        Any other path, such as that of the API's own document, has everything imported. That is the only
        way to a service without a segment, because it may describe all others. A process that serves
        requests side by side calls `serve_everything` first.
        """
        self._later.append((segment, load))

    def serve_everything(self) -> None:
        """Import every service now."""
        self._import(self._later)

    def event_sources_of(self, segment: str) -> list[Any]:
        """The event sources, among them those of this service, though no request has asked for it."""
        self._import([service for service in self._later if service[0] == segment])
        return list(self.event_sources)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer a request. The answer has the form of a proxy integration's."""
        said = _context(event)
        methods = self._methods(said["resourcePath"]) if said else None
        if said is None or methods is None:
            log.error("refused an event: %s", NO_REQUEST)
            return {
                "statusCode": 400,
                "headers": {"Content-Type": "application/json"},
                "body": dumps(envelope(400, {}, NO_REQUEST)),
            }
        if said["httpMethod"] == "HEAD" and "HEAD" not in methods and "GET" in methods:
            event = {**event, "httpMethod": "GET", "requestContext": {**said, "httpMethod": "GET"}}
        return super().__call__(event, context)

    def _methods(self, path: str) -> Any:
        """The methods of a resource, whose service is imported; None if there is no such resource."""
        if self._later and path not in self.routes:
            asked = [service for service in self._later if _is_below(path, service[0])]
            self._import(asked or self._later)
        return self.routes.get(path)

    def _import(self, services: list[tuple[str | None, Load]]) -> None:
        with uncollected():
            for service in list(services):
                self.register_blueprint(service[1]())
                self._later.remove(service)


def event_sources(blueprint: Blueprint, segment: str) -> list[Any]:
    """The event sources of a blueprint's app, among them those of the service of this segment."""
    app = blueprint.current_app
    return app.event_sources_of(segment) if isinstance(app, RestApi) else list(app.event_sources)


def _is_below(path: str, segment: str | None) -> bool:
    return segment is not None and f"{path}/".startswith(f"/{segment}/")


def _context(event: Any) -> dict[str, Any] | None:
    """The `requestContext` of a REST API's request; None if the event is none."""
    said = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(said, dict) or not event.keys() >= _PARTS:
        return None
    path, method = said.get("resourcePath"), said.get("httpMethod")
    return said if isinstance(path, str) and isinstance(method, str) else None
