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
NO_REQUEST = (
    "This function answers requests of a REST API of API Gateway (payload version 1.0), with a "
    "requestContext that names one of its resources; this event is none"
)


class RestApi(Chalice):
    """A Chalice app that takes every event."""

    def __init__(self, app_name: str, *, configure_logs: bool = True) -> None:
        super().__init__(app_name, configure_logs=configure_logs)
        self._later: list[tuple[str, Load]] = []

    def serve_later(self, segment: str, load: Load) -> None:
        """Import a service when a path begins with this segment.

        Any other path, such as that of the API's own document, has everything imported. A process that
        serves requests side by side calls `serve_everything` first.
        """
        self._later.append((segment, load))

    def serve_everything(self) -> None:
        """Import every service now."""
        self._import(self._later)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer a request. The answer has the form of a proxy integration's."""
        said = event.get("requestContext") if isinstance(event, dict) else None
        path = said.get("resourcePath") if isinstance(said, dict) else None
        methods = self._methods(path) if isinstance(path, str) else None
        if said is None or methods is None:
            log.error("refused an event: %s", NO_REQUEST)
            return {
                "statusCode": 400,
                "headers": {"Content-Type": "application/json"},
                "body": dumps(envelope(400, {}, NO_REQUEST)),
            }
        if said.get("httpMethod") == "HEAD" and "HEAD" not in methods and "GET" in methods:
            event = {**event, "httpMethod": "GET", "requestContext": {**said, "httpMethod": "GET"}}
        return super().__call__(event, context)

    def _methods(self, path: str) -> Any:
        """The methods of a resource, whose service is imported; None if there is no such resource."""
        if self._later and path not in self.routes:
            segment = path.removeprefix("/").partition("/")[0]
            asked = [service for service in self._later if service[0] == segment]
            self._import(asked or self._later)
        return self.routes.get(path)

    def _import(self, services: list[tuple[str, Load]]) -> None:
        with uncollected():
            for service in list(services):
                self.register_blueprint(service[1]())
                self._later.remove(service)
