"""Pages of other origins, in Chromium, and what callers learn of them through the real gateway."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from local.serving.server import ServerNotStarted, start_server
from tests.integration.appevents.browser.conftest import BATCH, SECONDS, Person, Site
from tests.support.waiting import eventually

APP, OTHER = "https://app.example.com", "https://other.example.com"
EVENTS = "/api/v1/notify/events"
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
window.told = [];
try {
  const { createOfflineQueue } = await import("API/app/offline-queue.js");
  window.queue = createOfflineQueue({
    baseUrl: "API", getToken: () => me.token, getUserId: () => me.user,
  });
  queue.on("sent", (detail) => told.push(detail));
  window.is_loaded = true;
} catch (error) {
  window.refusal = String(error);
}
</script>"""
READ = """async ([url, method, headers]) => {
  try {
    const answer = await fetch(url, { method, headers, credentials: "omit" });
    const said = await answer.json();
    return [answer.status, said.detail.status_name, answer.headers.get("X-Request-Id"),
            answer.headers.get("Retry-After")];
  } catch (error) {
    return String(error);
  }
}"""


class Elsewhere:
    """A web site at an address of its own, with one page that uses the queue of an API.

    It is a real server: Chromium holds a page that a test answers for to be one of the internet, and
    asks the person before such a page may call this machine.
    """

    def __init__(self) -> None:
        self.text = ""

        class Pages(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:
                handler.send_response(200)
                handler.send_header("Content-Type", "text/html")
                handler.end_headers()
                handler.wfile.write(self.text.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Visit = Callable[[Elsewhere], Page]


@pytest.fixture(scope="module")
def listed() -> Iterator[Elsewhere]:
    """The site that the API lists."""
    site = Elsewhere()
    yield site
    site.close()


@pytest.fixture(scope="module")
def other() -> Iterator[Elsewhere]:
    """A site that the API does not list."""
    site = Elsewhere()
    yield site
    site.close()


@pytest.fixture(scope="module")
def open_site(
    site_environment: dict[str, str], listed: Elsewhere, other: Elsewhere
) -> Iterator[Site]:
    """The API, which lists two origins."""
    site = Site({**site_environment, "CORS_ORIGINS": f"{APP}, {listed.origin}"})
    for each in (listed, other):
        each.text = PAGE.replace("API", site.url)
    yield site
    site.kill()


@pytest.fixture
def visitor(open_site: Site) -> Person:
    return Person(open_site.environment)


@pytest.fixture
def page_of(chromium: Browser, visitor: Person) -> Iterator[Visit]:
    """Opens the page of a site elsewhere, where the visitor is signed in."""
    contexts = []

    def visit(site: Elsewhere) -> Page:
        contexts.append(chromium.new_context())
        contexts[-1].set_default_timeout(SECONDS * 1000)
        contexts[-1].add_init_script(visitor.script)
        page = contexts[-1].new_page()
        page.goto(site.origin)
        page.wait_for_function("Boolean(window.is_loaded || window.refusal)")
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def ask(open_site: Site) -> Callable[..., httpx.Response]:
    def ask(method: str, path: str, origin: str | None = None, **headers: str) -> httpx.Response:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        said |= {"Origin": origin} if origin else {}
        url = f"{open_site.url}{path}"
        return httpx.request(method, url, headers=said, timeout=30, trust_env=False)

    return ask


def cors_of(answer: httpx.Response) -> dict[str, str]:
    return {n: v for n, v in answer.headers.items() if n.startswith("access-control")}


def test_listed_page_uses_the_queue(
    page_of: Visit, listed: Elsewhere, visitor: Person, stored: Callable[[Person], list[str]]
) -> None:
    page = page_of(listed)
    kept = page.evaluate(
        'queue.enqueue("machine.note.saved", {machine_id: "m", body: "from elsewhere"})'
    )

    page.wait_for_function("told.length === 1")
    eventually(lambda: stored(visitor) == ["from elsewhere"])
    (sent,) = page.evaluate("told")
    assert sent["client_generated_id"] == kept


def test_listed_page_reads_answers(
    page_of: Visit, listed: Elsewhere, open_site: Site, visitor: Person
) -> None:
    page = page_of(listed)
    known = {"Authorization": f"Bearer {visitor.token}", "X-Request-Id": "mine"}

    def read(method: str, path: str, headers: dict[str, str]) -> Any:
        return page.evaluate(READ, [f"{open_site.url}{path}", method, headers])

    assert read("GET", EVENTS, known) == [200, "OK", "mine", None]
    assert read("GET", EVENTS, {})[:2] == [401, "UNAUTHORIZED"]
    assert read("GET", "/api/v1/nothing", {})[:2] == [404, "NOT_FOUND"]


def test_other_page_gets_nothing(
    page_of: Visit, other: Elsewhere, open_site: Site, visitor: Person
) -> None:
    page = page_of(other)

    assert "Failed to fetch" in page.evaluate("refusal")
    for method, headers in (("GET", {}), ("GET", {"Authorization": f"Bearer {visitor.token}"})):
        said = page.evaluate(READ, [f"{open_site.url}{EVENTS}", method, headers])
        assert said == "TypeError: Failed to fetch"


@pytest.mark.parametrize(("origin", "is_named"), [(APP, True), (OTHER, False), (None, False)])
def test_each_answer_names_a_listed_origin(
    ask: Callable[..., httpx.Response], origin: str | None, is_named: bool
) -> None:
    answers = [
        ask("GET", "/api/v1/feed", origin),
        ask("GET", EVENTS, origin),
        ask("DELETE", EVENTS, origin),
        ask("GET", "/api/v1/nothing", origin),
        ask("GET", "/app/offline-queue.js", origin),
        ask("GET", "/api/v1/health", origin),
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 405, 404, 200, 200]
    for answer in answers:
        named = answer.headers.get("access-control-allow-origin")
        assert named == (origin if is_named else None)
        assert "Origin" in answer.headers["vary"]


def test_rate_limit_is_read(site_environment: dict[str, str]) -> None:
    site = Site(
        {
            **site_environment,
            "CORS_ORIGINS": APP,
            "APP_RATE_LIMIT_USER_BURST": "1",
            "APP_RATE_LIMIT_USER_PER_MINUTE": "1",
        }
    )
    try:
        headers = {
            "Authorization": f"Bearer {Person(site.environment).token}",
            "Origin": APP,
        }
        answers = [
            httpx.get(f"{site.url}{EVENTS}", headers=headers, timeout=30, trust_env=False)
            for _ in range(2)
        ]
    finally:
        site.kill()

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["access-control-allow-origin"] == APP
    assert answers[1].headers["retry-after"]


def test_preflight_of_real_routes(ask: Callable[..., httpx.Response]) -> None:
    wanted = {
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "authorization,content-type,x-client-time",
    }
    allowed = ask("OPTIONS", BATCH, APP, **wanted)

    assert (allowed.status_code, allowed.content) == (204, b"")
    assert cors_of(allowed)["access-control-allow-origin"] == APP
    assert cors_of(allowed)["access-control-allow-methods"] == "POST"
    assert cors_of(ask("OPTIONS", BATCH, OTHER, **wanted)) == {}
    assert ask("OPTIONS", "/api/v1/nothing", APP, **wanted).status_code == 404
    assert ask("OPTIONS", BATCH).headers["allow"] == "OPTIONS, POST"


def test_wrong_origin_stops_the_start(site_environment: dict[str, str]) -> None:
    with pytest.raises(ServerNotStarted, match=r"CORS_ORIGINS: 'https://a.example/' is no origin"):
        start_server({**site_environment, "CORS_ORIGINS": "https://a.example/"})
