"""HTTP/1.1 of the server: one connection, whose requests are answered in their order.

A framework would not let go of a connection before the body or in the middle of an answer, and costs
more than the answer itself. So this is the parser that the local gateway uses, over a bare transport.
"""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from math import isinf
from typing import Protocol
from urllib.parse import parse_qsl

import httptools

from local.relay.platforms.exchange import Reply, Request, Sending

MOST_BODY = 6 * 1024 * 1024
"""Bytes; no platform takes more. What comes after them is not kept."""
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_MALFORMED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Answering(Protocol):
    """What stands behind the connections."""

    def drops(self, head: Request) -> bool:
        """Whether the connection is closed before the body is read."""

    def answer(self, request: Request) -> Sending:
        """Do what a request asks for."""


class Connection(asyncio.Protocol):
    """One client. The names of its `on_…` methods are the parser's."""

    def __init__(self, site: Answering) -> None:
        self._site = site
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._answering = False
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._transport.write(_MALFORMED)
            self._transport.close()

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body, self._size = b"", {}, [], 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        if self._site.drops(self._request(b"")):
            self._transport.close()
        elif "expect" in self._headers:
            self._transport.write(_GO_ON)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= MOST_BODY:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._transport.is_closing():
            return
        request = self._request(b"".join(self._body))
        self._waiting.append((request, self._parser.should_keep_alive()))
        if not self._answering:
            self._answer_next()

    def _request(self, body: bytes) -> Request:
        url = httptools.parse_url(self._url)
        query = dict(parse_qsl(url.query.decode("latin-1"))) if url.query else {}
        method = self._parser.get_method().decode("latin-1")
        return Request(method, url.path.decode("latin-1"), query, self._headers, body)

    def _answer_next(self) -> None:
        if not self._waiting or self._transport.is_closing():
            self._answering = False
            return
        self._answering = True
        request, keep = self._waiting.popleft()
        sending = self._site.answer(request)
        if sending.reply is None:
            self._transport.close()
        elif sending.after:
            if not isinf(sending.after):
                self._loop.call_later(sending.after, self._send, sending, keep)
        else:
            self._send(sending, keep)

    def _send(self, sending: Sending, keep: bool) -> None:
        if self._transport.is_closing():
            return
        assert sending.reply is not None
        head = _head(sending.reply, keep)
        if sending.between:
            self._transport.write(head)
            self._drip(sending.reply.body, 0, sending.between, keep)
        else:
            self._transport.write(head + sending.reply.body)
            self._sent(keep)

    def _drip(self, body: bytes, at: int, between: float, keep: bool) -> None:
        if self._transport.is_closing():
            return
        if at == len(body):
            self._sent(keep)
            return
        self._transport.write(body[at : at + 1])
        self._loop.call_later(between, self._drip, body, at + 1, between, keep)

    def _sent(self, keep: bool) -> None:
        if keep:
            self._answer_next()
        else:
            self._transport.close()


def _head(reply: Reply, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.status != 204:
        lines.append(f"Content-Length: {len(reply.body)}")
    if not keep:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1")
