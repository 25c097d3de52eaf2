"""`make health` while a server is stopped, or hangs: its checks are down, those of the others are up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.appevents.health import servers, services
from local.appevents.health.finding import Finding, run
from local.services.databases import create_database, drop_database
from local.services.running import RunningServices
from tests.support.databases import migrated_templates

Settings = dict[str, str]
DATABASE = "health_without_servers"
OF_CHECKS = {
    "postgresql": "database notify_db",
    "rabbitmq": "broker app",
    "redis": "redis",
    "objects": "object store",
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Where an issuer on this machine shows a key."""

    class Shown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"keys": [{"kid": "one"}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def settings(own_services: RunningServices, issuer: str) -> Iterator[Settings]:
    """Of servers that are stopped here, with a migrated database."""
    urls = own_services.urls
    with migrated_templates(urls, DATABASE) as names:
        notify = create_database(urls, DATABASE, names["NOTIFY_DATABASE_URL"])
        yield {**urls.servers, "NOTIFY_DATABASE_OWNER_URL": notify, "JWT_JWKS_URL": issuer}
        drop_database(urls, DATABASE)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine answers at once, or hangs."""
    for module in (servers, services):
        monkeypatch.setattr(module, "SECONDS", 2)


def looked(settings: Settings) -> dict[str, Finding]:
    """What the checks of this file found."""
    wanted = {*OF_CHECKS.values(), "issuer"}
    checks = [
        c for c in (*servers.checks(settings), *services.checks(settings)) if c.name in wanted
    ]
    with ThreadPoolExecutor(len(checks)) as pool:
        return {finding.check: finding for finding in pool.map(run, checks)}


def down(settings: Settings) -> set[str]:
    return {name for name, finding in looked(settings).items() if not finding.is_up}


@pytest.mark.parametrize("name", OF_CHECKS)
def test_stopped_server_alone_is_down(
    own_services: RunningServices, settings: Settings, name: str
) -> None:
    assert down(settings) == set()

    server = own_services.servers[name]
    server.stop()
    try:
        found = looked(settings)
    finally:
        server.start()
        server.wait_ready()

    assert {each for each in found if not found[each].is_up} == {OF_CHECKS[name]}
    line = found[OF_CHECKS[name]].line(now=1.0)
    assert json.loads(line)["error"]
    assert not [url for url in settings.values() if "://" in url and url in line]


@pytest.mark.parametrize("name", OF_CHECKS)
def test_hanging_server_is_down(
    own_services: RunningServices, settings: Settings, name: str
) -> None:
    server = own_services.servers[name]
    server.pause()
    try:
        found = down(settings)
    finally:
        server.resume()

    assert found == {OF_CHECKS[name]}


def test_issuer_without_keys_is_down(settings: Settings, issuer: str) -> None:
    away = {**settings, "JWT_JWKS_URL": "http://127.0.0.1:1/jwks.json"}

    assert looked(settings)["issuer"].facts == {"keys": 1}
    assert down(away) == {"issuer"}
