"""What surrounds every request: its scope, its log line, its metrics, and the common headers.

Puts Chalice's own refusals and crashes into the envelope. Leaves everything else to the endpoint.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from chalice.app import Request as ChaliceRequest
from chalice.app import Response

from fintegrate.errors import ApiError, MethodNotAllowed, UnsupportedMediaType
from fintegrate.http.cors import NOTHING, Origins
from fintegrate.http.envelope import answer, crash, merged
from fintegrate.http.requests import Request, current
from fintegrate.logs import key_id, request_id
from fintegrate.metrics import REQUEST_SECONDS, REQUESTS
from fintegrate.metrics_store import Metrics
from fintegrate.settings import SettingsError

log = logging.getLogger(__name__)
Middleware = Callable[[ChaliceRequest, Callable[[ChaliceRequest], Response]], Response]
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""The values of the label `method`: callers can invent others."""
_FUNCTION = "api_handler"
"""Chalice's name for the function of all endpoints."""
STANDARD_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer. A handler may replace them."""


def request_scope(
    metrics: Callable[[], Metrics], origins: Callable[[str], Origins | None] = lambda _path: None
) -> Middleware:
    """Make Chalice's HTTP middleware.

    Args:
        metrics: count the requests that Chalice refuses before it has found an endpoint
        origins: the origins whose pages may read the answers of this path; None if none ever may
    """

    def scope(raw: ChaliceRequest, get_response: Callable[[ChaliceRequest], Response]) -> Response:
        request = Request(raw)
        scope = current.set(request)
        logged, used = request_id.set(request.id), key_id.set("")
        began = time.monotonic()
        try:
            response = _enveloped(request.method, get_response(raw))
        except Exception:
            log.exception("crash in %s %s", request.method, request.path)
            response = crash(request.id)
        finally:
            current.reset(scope)
        own = {"X-Request-Id": request.id, **_cross_origin(request, origins)}
        response.headers = merged(STANDARD_HEADERS, response.headers, own)
        seconds = time.monotonic() - began
        status, milliseconds = response.status_code, seconds * 1000
        log.info("%s %s %s in %.1f ms", request.method, request.path, status, milliseconds)
        _count(request, metrics, status, began, seconds)
        request_id.reset(logged)
        key_id.reset(used)
        return response

    return scope


def _cross_origin(request: Request, origins: Callable[[str], Origins | None]) -> Mapping[str, str]:
    try:
        allowed = origins(request.route)
    except SettingsError:  # the endpoint has read the settings, too, and refused to serve
        return NOTHING
    return NOTHING if allowed is None else allowed.allow(request.header("origin"))


def _count(
    request: Request, default: Callable[[], Metrics], status: int, began: float, seconds: float
) -> None:
    try:
        metrics = request.metrics or default()
    except Exception:
        return
    metrics.began_with(_FUNCTION)
    method = request.method if request.method in _METHODS else "other"
    metrics.count(REQUESTS, request.route, method, str(status))
    metrics.observe(REQUEST_SECONDS, request.route, method, value=seconds)
    metrics.flush_due(since=began)


def _enveloped(method: str, response: Response) -> Response:
    """Put Chalice's own refusals (a body with `Code`) into the envelope, and answer OPTIONS."""
    if not isinstance(response.body, dict) or "Code" not in response.body:
        return response
    error: ApiError
    if response.status_code == 415:
        error = UnsupportedMediaType("The body must be JSON; send Content-Type: application/json")
    elif response.status_code == 405:
        allowed = _allowed(str(response.headers["Allow"]))
        if method == "OPTIONS":
            return Response("", {"Allow": allowed}, 204)
        error = MethodNotAllowed(f"This path takes {allowed}; use one of them", {"Allow": allowed})
    else:
        raise RuntimeError(f"unexpected refusal: {response.body['Code']}")
    return answer(error.status, {}, error.description, error.headers)


def _allowed(defined: str) -> str:
    """`Allow` with the methods that every path has: OPTIONS, and HEAD where there is GET."""
    methods = {*defined.split(", "), "OPTIONS"}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
