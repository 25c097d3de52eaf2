"""The Chalice app of an HTTP API: what Chalice's own leaves out of a REST API's events.

HEAD is GET without the body (RFC 9110, 9.3.2); whoever sends the answer leaves the body out. An event
that is no request of a REST API (a test button's, a warmer's) is refused in the envelope. Leaves every
request to the middleware and the endpoints.
"""

from __future__ import annotations

import logging
from typing import Any

from chalice import Chalice

from fintegrate.http.envelope import dumps, envelope

log = logging.getLogger(__name__)
NO_REQUEST = (
    "This function answers requests of a REST API of API Gateway (payload version 1.0), with a "
    "requestContext that names one of its resources; this event is none"
)


class RestApi(Chalice):
    """A Chalice app that takes every event."""

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer a request. The answer has the form of a proxy integration's."""
        said = event.get("requestContext") if isinstance(event, dict) else None
        path = said.get("resourcePath") if isinstance(said, dict) else None
        methods = self.routes.get(path) if isinstance(path, str) else None
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
