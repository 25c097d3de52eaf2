"""A stand-in for the API that the console's page asks: the shapes of the answers, and faults to choose.

It serves the built page with the headers that the API gives it, so that a test of the page needs no
database, broker or cache, and can have any answer at any moment. What the real endpoints answer is
held by their own tests and by the flows against the real API.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.support import console_banks as banks
from tests.support import console_data as data
from tests.support import console_further as further

PAGE = Path(__file__).resolve().parents[2] / "browser" / "console"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
ADMIN_KEY, BANK_KEY = "fk_admin_secret", "fk_bank_secret"
COOKIE = "__Host-fintegrate"
_PAGED = {
    "/events/list": "events",
    "/audit/list": "rows",
    "/dead-letters/list": "dead_letters",
    "/replay/list": "jobs",
}


class Asked(NamedTuple):
    """A request that the page sent."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]


class Answer(NamedTuple):
    """An answer that a test has chosen; `text` instead of the envelope's `data` when given."""

    status: int = 200
    data: Any = None
    sentence: str = "Success"
    headers: Mapping[str, str] = {}
    text: str | None = None


Chosen = Answer | Callable[[Asked], Answer]


class ConsoleApi:
    """The answers, which a test may change while the page is open."""

    def __init__(self) -> None:
        self.is_admin, self.is_over, self.read_only = True, False, False
        self.actor = ""
        self.chosen: dict[str, Chosen] = {}
        """`GET /overview` → the answer instead of the usual one."""
        self.asked: list[Asked] = []
        self.url = ""
        self.overview: dict[str, Any] = data.overview()
        self.events = data.events()
        self.newer: list[dict[str, Any]] = []
        self.systems = [{"name": "banking", "title": "Banks", "base_path": ""}, *further.LISTED]
        self.passes: list[str] = []
        """Those that were given; a test may take them away."""
        self.pass_seconds = 300.0
        self.links: dict[str, str | None] = {"grafana": None, "prometheus": None, "traces": None}
        self.clock_off = 0.0

    def answer(self, asked: Asked) -> Answer:
        chosen = self.chosen.get(f"{asked.method} {asked.path}")
        if chosen is not None:
            return chosen(asked) if callable(chosen) else chosen
        if asked.path == "/console/session":
            return self._session(asked)
        if owner := further.owner(asked.path):
            return self._of_another(owner, asked)
        if asked.headers.get("x-api-key") not in {None, ADMIN_KEY, BANK_KEY}:
            return Answer(401, None, "The API key is unknown")
        if not self._is_known(asked):
            return Answer(401, None, "The session has ended; sign in")
        if asked.method == "POST" and self.read_only and not (asked.body or {}).get("dry_run"):
            return Answer(403, None, "This session only looks")
        if asked.path == "/console/pass":
            return self._pass(asked.query["system"])
        return self._usual(asked)

    def _pass(self, system: str) -> Answer:
        self.passes.append(f"{system}-{len(self.passes)}")
        ends_at = data.iso(-self.pass_seconds)
        return Answer(200, {"token": self.passes[-1], "expires_at": ends_at})

    def _of_another(self, system: str, asked: Asked) -> Answer:
        """A system beside the first one: it knows passes, and takes no cookie."""
        token = asked.headers.get("x-console-pass", "")
        if token not in self.passes or not token.startswith(system):
            basic = {"WWW-Authenticate": 'Basic realm="relay"'}
            return Answer(401, None, "User and password are missing", basic)
        if asked.method == "GET":
            return self._usual(asked)
        if self.read_only and not (asked.body or {}).get("dry_run"):
            return Answer(403, None, "This session only looks")
        return Answer(200, further.done(asked.path, asked.body))

    def _is_known(self, asked: Asked) -> bool:
        if "x-api-key" in asked.headers:
            return True
        return (
            COOKIE in asked.headers.get("cookie", "")
            and asked.headers.get("x-console") in {"1", "poll"}
            and not self.is_over
        )

    def _session(self, asked: Asked) -> Answer:
        if asked.method == "DELETE":
            self.is_over = True
            return Answer(200, {})
        if asked.method == "POST":
            key = asked.headers.get("x-api-key")
            if key not in {ADMIN_KEY, BANK_KEY}:
                return Answer(401, None, "The API key is unknown")
            self.is_admin, self.is_over = key == ADMIN_KEY, False
            self.actor = asked.body.get("actor", "")
            self.read_only = bool(asked.body.get("read_only"))
            if self.is_admin and not self.actor:
                return Answer(422, None, "actor: the administrator must say a name")
            cookie = f"{COOKIE}=s; Path=/; Secure; HttpOnly; SameSite=Strict"
            return Answer(201, {"is_admin": self.is_admin}, headers={"Set-Cookie": cookie})
        if not self._is_known(asked):
            return Answer(401, None, "There is no session; sign in")
        who = ("admin", data.ADMIN) if self.is_admin else (data.BANKS[1][0], data.bank_id(1))
        session = data.session(who, is_admin=self.is_admin, actor=self.actor)
        changes = {
            "read_only": self.read_only,
            "systems": self.systems if self.is_admin else self.systems[:1],
            "links": self.links,
            "server_time": data.iso(-self.clock_off),
        }
        return Answer(200, {**session, **changes})

    def _usual(self, asked: Asked) -> Answer:
        if asked.query.get("format") == "csv":
            text = "event_id,state\r\n" + "".join(
                f"{e['event_id']},{e['state']}\r\n" for e in self.events
            )
            return Answer(text=text, headers={"Content-Type": "text/csv"})
        body = asked.body or {}
        if asked.method != "GET" and not body.get("dry_run"):
            done = banks.done(asked.method, asked.path, body)
            if done is not None:
                return Answer(201 if asked.method == "POST" else 200, done)
        if asked.path in further.USUAL:
            found = further.USUAL[asked.path](self, asked.query)
        elif asked.method == "GET" and asked.path in banks.USUAL:
            found = banks.USUAL[asked.path](self, asked.query)
        else:
            found = data.answer(self, asked.method, asked.path, asked.query, body)
        if found is None:
            return Answer(404, None, f"There is no {asked.path}")
        rows = _PAGED.get(asked.path)
        if rows and asked.query.get("cursor"):
            found = {**found, rows: [], "next_cursor": None}
        return Answer(201 if asked.method == "POST" else 200, found)


class _Handler(BaseHTTPRequestHandler):
    api: ConsoleApi
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/console" or path.startswith("/console/assets/"):
            return self._file(
                path.removeprefix("/console").removeprefix("/assets/") or "index.html"
            )
        return self._api("GET")

    def do_POST(self) -> None:
        self._api("POST")

    def do_PATCH(self) -> None:
        self._api("PATCH")

    def do_DELETE(self) -> None:
        self._api("DELETE")

    def _file(self, name: str) -> None:
        found = PAGE / name
        if not found.is_file():
            return self._send(404, "{}", {"Content-Type": "application/json"})
        kept = "no-cache" if name == "index.html" else "public, max-age=31536000, immutable"
        kind = f"{TYPES[found.suffix]}; charset=utf-8"
        headers = {**HEADERS, "Content-Type": kind, "Cache-Control": kept}
        return self._send(200, found.read_text(encoding="utf-8"), headers)

    def _api(self, method: str) -> None:
        split = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(
            method, split.path, dict(parse_qsl(split.query)), json.loads(text or "null"), headers
        )
        self.api.asked.append(asked)
        answer = self.api.answer(asked)
        detail = {
            "status_code": str(answer.status),
            "status_name": "",
            "status_description": answer.sentence,
        }
        body = answer.text
        if body is None:
            body = json.dumps({"data": answer.data, "detail": detail})
        sent = {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "X-Request-Id": f"req-{len(self.api.asked)}",
            "ETag": f'W/"{hash(body)}"',
            **answer.headers,
        }
        if answer.status == 200 and headers.get("if-none-match") == sent["ETag"]:
            return self._send(304, "", sent)
        return self._send(answer.status, body, sent)

    def _send(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A view that is left cancels its requests."""


@contextmanager
def console_api(port: int = 0) -> Iterator[ConsoleApi]:
    """The stand-in, served on this machine until the block ends."""
    api = ConsoleApi()
    handler = type("Handler", (_Handler,), {"api": api})
    with _Server(("127.0.0.1", port), handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield api
        server.shutdown()
        thread.join()


if __name__ == "__main__":
    with console_api(8765) as served:
        print(f"{served.url}/console  keys: {ADMIN_KEY} {BANK_KEY}")
        while True:
            time.sleep(3600)
