"""The API gateway: HTTP in front of functions, with AWS's limits and this project's envelope.

It limits client addresses, finds the route, bounds the body and the time, and passes the rest to an
invoker. The invoker decides how functions run: from source or packaged.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fintegrate.http.cors import ALLOW_ORIGIN, Origins
from fintegrate.redaction import has_secret
from local.aws_shapes.proxy_event import IncomingRequest, proxy_event
from local.aws_shapes.proxy_response import MalformedResponse, proxy_response
from local.gateway.access_log import AccessLog
from local.gateway.address_limit import AddressLimit
from local.gateway.content_coding import accepts_gzip, compress, inflated
from local.gateway.preflight import preflight_response
from local.gateway.refusals import (
    BodyTooLarge,
    FunctionFailed,
    FunctionTimedOut,
    MethodNotAllowed,
    Refusal,
    TooManyRequests,
    UnknownPath,
)
from local.gateway.routes import ANY_METHOD, Match, RouteTable, path_of

Invoker = Callable[[str, dict[str, Any]], Awaitable[object]]
"""Calls the function of that name with an event; raises when the function crashes."""

RefusalResponse = Callable[[Refusal, str], Response]
"""Makes the answer for a refusal and a request id."""

BODY_LIMIT = 10 * 1024 * 1024  # API Gateway quotas: payload size 10 MB
TIMEOUT_SECONDS = 29.0  # API Gateway quotas: integration timeout
OF_CODED_BODY = ("content-encoding", "content-length")
DISCARD_LIMIT = 4 * BODY_LIMIT
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
NO_ROUTE = Match("", {})
log = logging.getLogger(__name__)


class Gateway:
    """An ASGI application in front of an invoker.

    Args:
        timeout: seconds that a function may take, including the wait for a free thread
        refusal_response: makes the answer that a client gets for a refusal
        origins: the origins whose pages may read the answers of a path; None if none ever may
        compressed_from: the size in bytes from which answers are compressed; None: bodies are passed on
            as they are, in both directions
    """

    def __init__(
        self,
        routes: RouteTable,
        invoke: Invoker,
        limit: AddressLimit,
        access_log: AccessLog | None = None,
        timeout: float = TIMEOUT_SECONDS,
        refusal_response: RefusalResponse = lambda refusal, _request_id: refusal.response(),
        compressed_from: int | None = None,
        origins: Callable[[str], Origins | None] = lambda _path: None,
    ) -> None:
        self._routes = routes
        self._invoke = invoke
        self._limit = limit
        self._access_log = access_log or AccessLog()
        self._timeout = timeout
        self._refusal_response = refusal_response
        self._compressed_from = compressed_from
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        request_id = _request_id(request)
        path = path_of(scope)
        match = self._routes.match(path) or NO_ROUTE
        try:
            response = await self._answer(request, path, request_id, match)
        except Refusal as refusal:
            response = self._refusal_response(refusal, request_id)
            self._let_read(request, path, response)
        except ClientDisconnect:
            return
        response.headers.setdefault("X-Request-Id", request_id)
        self._compress(request, response)
        await response(scope, receive, send)
        seconds = time.perf_counter() - started
        self._access_log.write(request, response, request_id, seconds, match.resource)

    def _compress(self, request: Request, response: Response) -> None:
        least = self._compressed_from
        if least is None or len(response.body) < max(least, 1):
            return
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            compress(response)

    async def _answer(self, request: Request, path: str, request_id: str, match: Match) -> Response:
        self._check_limit(_address(request))
        if match is NO_ROUTE:
            raise UnknownPath
        if request.method == "OPTIONS" and (
            answer := preflight_response(request, match, self._origins(path))
        ):
            return answer
        method = _method(request, match)
        headers = _headers(request)
        body = await _read_body(request)
        coding = request.headers.get("content-encoding")
        if coding is not None and self._compressed_from is not None:
            body = inflated(body, coding, BODY_LIMIT)
            headers = [(name, value) for name, value in headers if name not in OF_CODED_BODY]
        incoming = IncomingRequest(
            method=method,
            path=path,
            query=request.scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            source_ip=_address(request),
            resource=match.resource,
            parameters=match.parameters,
            request_id=request_id,
        )
        return await self._call(match.function(method), proxy_event(incoming), request_id)

    def _let_read(self, request: Request, path: str, refused: Response) -> None:
        """Let a page read the gateway's own answer, unless the template says who may."""
        origins = self._origins(path)
        if origins is not None and ALLOW_ORIGIN not in refused.headers:
            refused.headers.update(origins.allow(request.headers.get("origin")))

    def _check_limit(self, address: str) -> None:
        retry_after = self._limit.refused_for(address)
        if retry_after:
            raise TooManyRequests(self._limit.per_minute, retry_after)

    async def _call(self, function: str, event: dict[str, Any], request_id: str) -> Response:
        try:
            async with asyncio.timeout(self._timeout) as limit:
                answer = await self._invoke(function, event)
            return proxy_response(answer)
        except Refusal:
            raise
        except MalformedResponse as error:
            log.error("%s: malformed response of %s: %s", request_id, function, error)  # noqa: TRY400
        except Exception:
            if limit.expired():
                raise FunctionTimedOut(self._timeout) from None
            log.exception("%s: %s crashed", request_id, function)
        raise FunctionFailed


def _headers(request: Request) -> list[tuple[str, str]]:
    """The headers in order. Blanks around a value are no part of it (RFC 9110, section 5.5)."""
    return [
        (k.decode("latin-1"), v.strip(b" \t").decode("latin-1")) for k, v in request.headers.raw
    ]


def _request_id(request: Request) -> str:
    said = request.headers.get("x-request-id", "").strip(" \t")
    sane = SANE_REQUEST_ID.fullmatch(said) and not has_secret(said)
    return said if sane else str(uuid.uuid4())


def _address(request: Request) -> str:
    """The peer's address. `X-Forwarded-For` is ignored because any client can forge it."""
    return request.client.host if request.client else "127.0.0.1"


def _method(request: Request, match: Match) -> str:
    """The method to serve. HEAD is served as GET without a body (RFC 9110, 9.3.2)."""
    method = request.method
    if ANY_METHOD in match.functions:
        return method
    if method == "HEAD" and "HEAD" not in match.functions and "GET" in match.functions:
        return "GET"
    if method not in match.functions:
        raise MethodNotAllowed(match.allowed)
    return method


async def _read_body(request: Request) -> bytes:
    """Read the body. One that is too large is read and dropped, so that the client gets the 413."""
    announced = request.headers.get("content-length", "0")
    too_large = announced.isdigit() and int(announced) > BODY_LIMIT
    if too_large and "expect" in request.headers:
        raise BodyTooLarge(BODY_LIMIT)
    size = 0
    parts: list[bytes] = []
    async for part in request.stream():
        size += len(part)
        too_large = too_large or size > BODY_LIMIT
        if too_large:
            parts.clear()
            if size > DISCARD_LIMIT:
                break
        else:
            parts.append(part)
    if too_large:
        raise BodyTooLarge(BODY_LIMIT)
    return b"".join(parts)
