"""The HTTP of the webhook mode: one path, bounded bodies, loopback. A bank has a gateway in front of it.

Leaves to `webhook_calls` what a call is answered.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

from local.banking.consumer.webhook_calls import Reply
from local.banking.webhook_addresses import PATH, url_at
from local.machine.ports import LOOPBACK

MOST_BODY = 4 * 1024 * 1024
"""Bytes; an event's message is smaller."""
_LAST_ANSWERS_SECONDS = 5.0
Answering = Callable[[bytes, Mapping[str, str]], Reply]


class WebhookServer(ThreadingHTTPServer):
    """Listens from the beginning; `port` 0 takes any free one.

    Raises:
        OSError: the port is taken
    """

    daemon_threads = True  # a connection that is kept for later calls does not keep the program
    request_queue_size = 128

    def __init__(self, port: int, answering: Answering) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.answering = answering
        self._under_way = 0
        self._changed = Condition()

    @property
    def url(self) -> str:
        """Where Fintegrate calls."""
        return url_at(self.server_port)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Take connections during the block."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    @contextmanager
    def answered(self) -> Iterator[None]:
        """A request from its first byte to the last of its answer."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def finish_answers(self) -> None:
        """Wait until each request has its answer, but not for long."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, _LAST_ANSWERS_SECONDS)

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is no error of this program; for all else the traceback is right."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def _count(self, change: int) -> None:
        with self._changed:
            self._under_way += change
            self._changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    server: WebhookServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fintegrate-reference-consumer", ""
    timeout = 60  # seconds that a connection may be silent
    wbufsize = -1  # headers and body in one packet, or delayed acknowledgement costs 40 ms
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        with self.server.answered():
            reply = self._reply()
            self._send(reply)
            self.wfile.flush()

    def _reply(self) -> Reply:
        text = self.headers.get("Content-Length", "")
        if not (text.isascii() and text.isdecimal()) or "Transfer-Encoding" in self.headers:
            return self._unread(Reply.saying(411, "Content-Length is needed"))
        if len(text) > len(str(MOST_BODY)) or int(text) > MOST_BODY:
            return self._unread(Reply.saying(413, f"at most {MOST_BODY} bytes"))
        body = self.rfile.read(int(text))
        if self.path.partition("?")[0] != PATH:
            return Reply.saying(404, f"calls are taken at {PATH}")
        if len(body) < int(text):
            return self._unread(Reply.saying(400, "the body is cut off"))
        return self.server.answering(body, {k.lower(): v for k, v in self.headers.items()})

    def _unread(self, reply: Reply) -> Reply:
        """What comes next on this connection is not a request."""
        self.close_connection = True
        return reply

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.status != 204:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        if reply.retry_after is not None:
            self.send_header("Retry-After", str(reply.retry_after))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """The worker has a line for each event."""
