"""The broker is killed and comes back, as the operator sees it."""

from __future__ import annotations

from contextlib import closing

from playwright.sync_api import Browser, expect

from local.services.running import RunningServices
from local.serving.server import start_server
from tests.integration.banking.console.conftest import PATIENCE_MS, Person
from tests.integration.outages.test_broker_outages import resend_until_nothing_waits
from tests.support.banking import Bank
from tests.support.chromium import chromium, playwright  # noqa: F401  # fixtures


def test_killed_broker_is_seen(
    chromium: Browser,  # noqa: F811
    bank: Bank,
    services: RunningServices,
    environment: dict[str, str],
) -> None:
    with (
        start_server({**environment, "SCHEDULER": "off"}) as server,
        closing(chromium.new_context()) as browser,
    ):
        browser.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        anna = Person(browser.new_page(), server.base_url)
        anna.open("now").sign_in(environment["ADMIN_API_KEY"])
        anna.sees("Nothing needs you")

        services.rabbitmq.kill()
        customer_id = bank.create_customer()

        anna.sees("The broker is away")
        anna.sees("by itself, once it is back: nothing that was accepted is lost")
        services.rabbitmq.start()
        services.rabbitmq.wait_ready()

        expect(anna.page.get_by_text("The broker is away")).to_have_count(0)
        resend_until_nothing_waits(bank)
        anna.open(f"events?customer_id={customer_id}")
        anna.sees("in the queue")
