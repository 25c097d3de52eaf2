"""A Fintegrate that only takes confirmations, and answers them as it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class FakeApi:
    """Answers 200, or first the `answers` that were put in: (status, headers) each.

    An answer stays for all requests when `answer_always` is set.
    """

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.answer_always: int | None = None
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def next_answer(self) -> tuple[int, dict[str, str]]:
        if self.answer_always is not None:
            return self.answer_always, {}
        return self.answers.pop(0) if self.answers else (200, {})

    def confirmed(self) -> list[tuple[str, str]]:
        """What came, in order: event id and status."""
        return [(request["event_id"], request["status"]) for request in self.requests]


@contextmanager
def running_fake_api() -> Iterator[FakeApi]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.api = FakeApi(server.server_port)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.api  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, or delayed acknowledgement costs 40 ms
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        api: FakeApi = self.server.api  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        api.headers.append({name.lower(): value for name, value in self.headers.items()})
        api.requests.append({**body, "path": self.path})
        status, headers = api.next_answer()
        description = "Success" if status == 200 else f"scripted {status}"
        answer = json.dumps({"data": {}, "detail": {"status_description": description}}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""
