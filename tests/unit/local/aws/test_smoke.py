"""The look from outside believes what answers rightly and complains about what does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.aws.smoke import SmokeTestFailed, smoke_test

ENVELOPE = b'{"data":{},"detail":{}}'
RIGHT = {"/health": 200, "/openapi.json": 200, "/metrics": 401, "/no-such-path": 404}
Serve = Callable[[dict[str, int], bytes], tuple[str, dict[str, int]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """An API that answers with these statuses; they can be changed while it runs."""
    servers: list[ThreadingHTTPServer] = []

    def start(statuses: dict[str, int], body: bytes) -> tuple[str, dict[str, int]]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(statuses[self.path.removeprefix("/api")])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/api", statuses

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_right_answers_pass(serve: Serve) -> None:
    url, _ = serve(dict(RIGHT), ENVELOPE)

    smoke_test(url, patience_seconds=0)


@pytest.mark.parametrize("path", sorted(RIGHT))
def test_wrong_status_is_named(serve: Serve, path: str) -> None:
    url, _ = serve({**RIGHT, path: 503}, ENVELOPE)

    with pytest.raises(SmokeTestFailed, match=rf"GET {path} answered 503 instead of {RIGHT[path]}"):
        smoke_test(url, patience_seconds=0)


def test_other_shape_is_named(serve: Serve) -> None:
    url, _ = serve(dict(RIGHT), b'{"message":"Forbidden"}')

    with pytest.raises(SmokeTestFailed, match="not in the envelope"):
        smoke_test(url, patience_seconds=0)


def test_first_refusals_are_asked_again(serve: Serve) -> None:
    url, statuses = serve({**RIGHT, "/health": 500}, ENVELOPE)

    smoke_test(url, patience_seconds=30, pause=lambda _seconds: statuses.update(RIGHT))
