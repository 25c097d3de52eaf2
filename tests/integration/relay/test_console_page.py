"""The relay in the console's real page: an event that was refused, and its way back."""

from __future__ import annotations

from contextlib import closing

import httpx
from playwright.sync_api import Browser, ViewportSize, expect

from tests.integration.banking.console.conftest import PATIENCE_MS, Person
from tests.integration.relay.test_serving import (  # noqa: F401  # fixtures
    EVENT,
    environment,
    made,
    receiver,
    serving,
)
from tests.support.chromium import chromium, playwright  # noqa: F401  # fixtures
from tests.support.fixtures import Query
from tests.support.receiver import Receiver
from tests.support.waiting import eventually

REFUSED = 422
WIDE: ViewportSize = {"width": 1440, "height": 900}


def test_refused_event_is_sent_again(
    chromium: Browser,  # noqa: F811
    environment: dict[str, str],  # noqa: F811
    receiver: Receiver,  # noqa: F811
    query: Query,
) -> None:
    """From the first screen to the event, to what the receiver said, to its way back."""
    receiver.answer = lambda _got: REFUSED
    with serving(environment) as client, closing(chromium.new_context(viewport=WIDE)) as context:
        tell_an_event(client, environment, receiver.url, query)
        eventually(lambda: query("SELECT 1 FROM event_deliveries WHERE status = 'failed'"))
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        anna = Person(context.new_page(), str(client.base_url).rstrip("/"))
        anna.open("now").sign_in(environment["ADMIN_API_KEY"])

        anna.page.get_by_role("link", name="Relay", exact=True).click()
        anna.sees("bosley → webhook")
        anna.page.locator("nav.rail").get_by_role("link", name="Events").click()
        anna.page.locator("main tbody tr a").first.click()
        anna.sees(f"HTTP {REFUSED}")
        receiver.answer = lambda _got: 200
        anna.button("Send again").click()
        dialog = anna.page.get_by_role("dialog")
        dialog.get_by_label("Why").fill("mended")
        dialog.get_by_role("button", name="Send 1 delivery again").click()

        eventually(lambda: query("SELECT 1 FROM event_deliveries WHERE status = 'delivered'"))
        dialog.get_by_role("button", name="Close").last.click()
        expect(anna.page.locator("main tbody tr").first).to_contain_text("delivered")
        anna.open("relay/audit?action=POST /admin/v1/replay")
        row = anna.page.locator("main tbody tr")
        expect(row).to_have_count(1)
        for words in ("anna", "mended", "go count 1"):
            expect(row).to_contain_text(words)
        anna.check_access()


def tell_an_event(
    client: httpx.Client,
    settings: dict[str, str],
    url: str,
    query: Query,
) -> None:
    """A shop with one destination, and an event for it."""
    shop = made(client, "storefronts", {"storefront_id": "bosley", "name": "Bosley"})
    (platform,) = query("SELECT id FROM ad_analytics_platforms WHERE platform_code = 'webhook'")
    there = {"platform_id": platform["id"], "settings": {"url": url}, "credentials": {}}
    made(client, "credentials", {"storefront_id": shop["id"], **there})
    user = (settings["RELAY_INGEST_USER"], settings["RELAY_INGEST_PASSWORD"])
    assert client.post("/v1/events", json={"data": [EVENT]}, auth=user).status_code == 202
