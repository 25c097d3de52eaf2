"""Lambda's Runtime API for one environment: answers the requests of `awslambdaric`.

It speaks only the HTTP/1.1 that runtime clients need. Each answer is one write on a socket without
Nagle's delay: headers and body in two packets would cost 40 ms of delayed acknowledgement. The paths
follow "Using the Lambda runtime API" in AWS's developer guide.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from local.aws_shapes.quotas import PAYLOAD_LIMIT

PREFIX = "/2018-06-01/runtime/"
HEAD_LIMIT = 2 * 1024 * 1024  # an error's X-Ray cause travels in a header of up to 1 MB
REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 413: "Too Large"}


class _Head(NamedTuple):
    method: str
    path: str
    body_length: int


class Conversation(Protocol):
    """Handles the requests of an environment's runtime."""

    def runtime_asks(self, connection: RuntimeConnection) -> None:
        """The runtime asks for the next invocation; answer with `give`."""

    def runtime_answers(self, request_id: str, payload: bytes, failed: bool) -> bool:
        """The runtime gives an invocation's outcome. Returns whether there is such an invocation."""

    def runtime_cannot_start(self, payload: bytes) -> None:
        """The function's module could not be loaded."""


class RuntimeConnection(asyncio.Protocol):
    """One connection of a runtime client."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._received = bytearray()
        self._head: _Head | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Do nothing: the environment learns of the end from the process."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Collect data and answer each complete request."""
        self._received += data
        while (request := self._take_request()) is not None:
            self._dispatch(*request)

    def _take_request(self) -> tuple[str, str, bytes] | None:
        """The next complete request, if any. The client sends head and body separately."""
        head = self._head = self._head or self._take_head()
        if head is None or len(self._received) < head.body_length:
            return None
        self._head = None
        body = bytes(self._received[: head.body_length])
        del self._received[: head.body_length]
        return head.method, head.path, body

    def _take_head(self) -> _Head | None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > HEAD_LIMIT:
                self._refuse()
            return None
        lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit():
            self._refuse()
            return None
        del self._received[: end + 4]
        method, _, rest = lines[0].partition(" ")
        return _Head(method, rest.partition(" ")[0], int(length))

    def _refuse(self) -> None:
        self._received.clear()
        self.answer(400)
        if self._transport:
            self._transport.close()

    def _dispatch(self, method: str, path: str, body: bytes) -> None:
        step = path.removeprefix(PREFIX)
        if (method, step) == ("GET", "invocation/next"):
            self._conversation.runtime_asks(self)
        elif (method, step) == ("POST", "init/error"):
            self._conversation.runtime_cannot_start(body)
            self.answer(202)
        else:
            self._outcome(method, step.split("/"), body)

    def _outcome(self, method: str, parts: list[str], body: bytes) -> None:
        match method, parts:
            case "POST", ["invocation", request_id, "response" | "error" as kind]:
                known = self._conversation.runtime_answers(request_id, body, kind == "error")
                too_large = len(body) > PAYLOAD_LIMIT
                self.answer(413 if too_large else 202 if known else 400)
            case _:
                self.answer(404)

    def answer(
        self,
        status: int,
        body: bytes = b'{"status":"OK"}',
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Write the whole answer in one call."""
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self._transport.write("\r\n".join(lines).encode("latin-1") + body)
