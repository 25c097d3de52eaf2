"""App.events in the console's real page: what a phone told, from acceptance to its outcome."""

from __future__ import annotations

from contextlib import closing

import httpx
from playwright.sync_api import Browser, ViewportSize, expect

from local.appevents.tokens import make_token
from local.services.databases import with_users
from local.services.running import RunningServices
from local.serving.server import start_server
from tests.integration.appevents.conftest import event
from tests.integration.banking.console.conftest import PATIENCE_MS, Person

USER = "7b0f2c7e-2222-4222-8222-00000000c1d9"
NARROW: ViewportSize = {"width": 390, "height": 844}


def test_event_is_followed_to_its_outcome(
    chromium: Browser,
    services: RunningServices,
    database_url: str,
    site_environment: dict[str, str],
) -> None:
    own = {**site_environment, **with_users(services.urls, database_url)}
    environment = {**own, "SYSTEM": "", "CONSOLE_SYSTEMS": "relay,appevents", "SCHEDULER": "2"}
    told = event("machine.note.saved", {"machine_id": "leg-press-2", "body": "Seat on 4"})
    token = make_token(environment, USER, hours=1)
    with start_server(environment) as server, closing(chromium.new_context(viewport=NARROW)) as one:
        by_token = {"Authorization": f"Bearer {token}"}
        path = f"{server.base_url}/api/v1/notify/events"
        assert httpx.post(path, json=told, headers=by_token, timeout=30).status_code == 202
        one.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        anna = Person(one.new_page(), server.base_url)
        anna.open("now").sign_in(environment["ADMIN_API_KEY"])

        anna.page.get_by_role("link", name="App events").click()
        anna.page.locator("nav.rail").get_by_role("link", name="Events").click()
        row = anna.page.locator("main").get_by_text("machine.note.saved").first
        expect(row).to_be_visible()
        expect(anna.page.locator("main")).to_contain_text("processed")
        anna.open(f"appevents/event?event_id={told['client_generated_id']}")

        for step in ("Accepted", "Published", "Processed"):
            anna.sees(step)
        assert "Seat on 4" not in anna.page.content()  # what a user wrote is not shown
        anna.check_access()
