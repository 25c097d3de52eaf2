"""Pages in Chromium that use the offline queue, against the real API in a process that is killed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from psycopg2.extras import RealDictCursor

from local.appevents.tokens import make_token
from local.services.running import RunningServices
from local.services.settings import settings_environment
from local.serving.server import Server, start_server
from tests.conftest import WORKER
from tests.integration.appevents.conftest import virtual_host
from tests.support.chromium import chromium, playwright  # noqa: F401  # fixtures

BATCH = "/api/v1/notify/events/batch"
BLANK = "/app/blank"
"""A page of the API's origin. The tests answer for it, so that it is there without a server."""
NOTE = "machine.note.saved"
SECONDS = 60.0
NOON, LATER = "2026-11-26T12:00:00Z", "2026-11-26T13:00:00Z"
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import { createOfflineQueue } from "/app/offline-queue.js";
window.told = [];
window.open = () => {
  const queue = createOfflineQueue({
    baseUrl: location.origin, getToken: () => me.token, getUserId: () => me.user,
  });
  for (const name of ["change", "sent", "rejected", "stalled", "auth-required"])
    queue.on(name, (detail) => told.push([name, detail]));
  return queue;
};
window.queue = open();
</script>"""


class Site:
    """The API in a process of its own; it may be killed, and comes back at the same address."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._server = start_server(environment)
        self.url = self._server.base_url
        self.is_up = True

    def kill(self) -> None:
        self._server.kill()
        self.is_up = False

    def start(self) -> None:
        if not self.is_up:
            self._server: Server = start_server(self.environment, urlsplit(self.url).port)
            assert self._server.base_url == self.url
            self.is_up = True


class Person:
    """A user of the app, with a token that the API takes."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.id = str(uuid.uuid4())
        self.token = make_token(environment, self.id, hours=1)

    @property
    def script(self) -> str:
        """Who is present, as a page knows it."""
        return f"window.me = {json.dumps({'user': self.id, 'token': self.token})};"


class Tab:
    """A page with a queue."""

    def __init__(self, page: Page, url: str, *, is_paused: bool = False) -> None:
        self.page = page
        if is_paused:
            page.clock.install(time=NOON)
            page.clock.pause_at(LATER)
        self.batches: list[list[str]] = []
        """The ids in each batch that the page sent."""
        self.faults: list[str] = []
        """The errors that nobody caught."""
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(url + BLANK)
        page.wait_for_function("window.queue")

    def _note(self, request: Any) -> None:
        if request.url.endswith(BATCH) and request.method == "POST":
            events = json.loads(request.post_data or "{}")["events"]
            self.batches.append([each["client_generated_id"] for each in events])

    def run(self, script: str, argument: object = None) -> Any:
        return self.page.evaluate(script, argument)

    def enqueue(self, *bodies: str) -> list[str]:
        """Keep a note for each; returns the ids once all are safe."""
        script = """async (bodies) => {
            const ids = [];
            for (const body of bodies)
                ids.push(await queue.enqueue("machine.note.saved", {machine_id: "m", body}));
            return ids;
        }"""
        return list(self.run(script, list(bodies)))

    def entries(self) -> list[dict[str, Any]]:
        return list(self.run("() => queue.list()"))

    def told(self, name: str) -> list[Any]:
        """What the page was told under this name, in order."""
        script = "(name) => told.filter(([each]) => each === name).map(([, detail]) => detail)"
        return list(self.run(script, name))

    def counts(self) -> dict[str, int]:
        """What the page was told last of how many entries there are."""
        return dict(self.told("change")[-1])

    def until(self, condition: Callable[[], object], what: str = "it holds") -> Any:
        """The first truthy value. The page's own events come in meanwhile."""
        for _ in range(int(SECONDS / 0.02)):
            if value := condition():
                return value
            self.page.wait_for_timeout(20)
        raise AssertionError(f"not within {SECONDS:g} s: {what}")

    def until_empty(self) -> None:
        self.until(lambda: self.entries() == [], "the queue is empty")

    def until_tried(self, times: int) -> None:
        self.until(lambda: len(self.batches) >= times, f"{times} batches were sent")

    def until_it_leads(self) -> None:
        """Until this tab sends, and has looked at what waits: a later entry is tried once."""
        held = "async () => (await navigator.locks.query()).held.length"
        self.until(lambda: self.run(held), "the tab leads")
        self.entries()  # the look has asked the storage before


@pytest.fixture(scope="package")
def site_broker(services: RunningServices) -> Iterator[str]:
    """A virtual host of the site's own: a queue keeps the wait with which it was made."""
    yield from virtual_host(services, f"site_{WORKER}")


@pytest.fixture(scope="package")
def site_environment(
    services: RunningServices, app_databases: dict[str, str], site_broker: str
) -> dict[str, str]:
    return settings_environment(
        services.urls,
        **app_databases,
        SYSTEM="appevents",
        APP_RABBITMQ_URL=site_broker,
        APP_RATE_LIMIT_USER_BURST="100000",
        RATE_LIMIT_IP_PER_MINUTE="1000000",
        SCHEDULER="off",
        LOG_LEVEL="WARNING",
    )


@pytest.fixture(scope="module")
def running_site(site_environment: dict[str, str]) -> Iterator[Site]:
    """It is gone before the tests of another file use the databases."""
    site = Site(site_environment)
    yield site
    site.kill()


@pytest.fixture
def site(running_site: Site) -> Site:
    """The API, up."""
    running_site.start()
    return running_site


@pytest.fixture
def person(site: Site) -> Person:
    return Person(site.environment)


@contextmanager
def prepared(context: BrowserContext, site: Site, person: Person) -> Iterator[BrowserContext]:
    """A browser in which this user is present."""
    served = f"{site.url}/app/offline-queue.js"
    module = context.request.get(served).text()  # it is there when the server is not
    context.route(
        f"{site.url}{BLANK}", lambda route: route.fulfill(body=PAGE, content_type="text/html")
    )
    context.route(served, lambda route: route.fulfill(body=module, content_type="text/javascript"))
    context.add_init_script(person.script)
    context.set_default_timeout(SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def context(chromium: Browser, site: Site, person: Person) -> Iterator[BrowserContext]:  # noqa: F811
    with prepared(chromium.new_context(), site, person) as context:
        yield context


@pytest.fixture
def new_tab(context: BrowserContext, site: Site) -> Callable[[], Tab]:
    return lambda: Tab(context.new_page(), site.url)


@pytest.fixture
def tab(new_tab: Callable[[], Tab]) -> Tab:
    return new_tab()


@pytest.fixture
def paused_tab(context: BrowserContext, site: Site) -> Tab:
    """A page whose clock stands until the test moves it."""
    tab = Tab(context.new_page(), site.url, is_paused=True)
    tab.until_it_leads()
    return tab


@pytest.fixture
def stored(app_databases: dict[str, str]) -> Iterator[Callable[[Person], list[str]]]:
    """The bodies of a user's notes in notify_db, in the order of their acceptance; without gaps."""
    connection = psycopg2.connect(app_databases["NOTIFY_DATABASE_MASTER_URL"])
    connection.autocommit = True

    def bodies(person: Person) -> list[str]:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(
                "SELECT sequence, payload->>'body' AS body FROM events WHERE user_id = %s"
                " ORDER BY sequence",
                (person.id,),
            )
            rows = cursor.fetchall()
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        return [row["body"] for row in rows]

    yield bodies
    connection.close()
