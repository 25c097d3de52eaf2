"""Invented orders and the events of each. Nobody is meant: addresses end in example.com (RFC 2606)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from local.relay.demo.shops import SHOPS

STEPS = ("account_created", "checkout_started", "purchase_completed", "order_shipped")


def order(random: Random, number: int) -> list[dict[str, Any]]:
    """The events of one order, as items of a batch."""
    steps = STEPS[: random.randint(2, len(STEPS))]
    now = datetime.now(UTC)
    shared: dict[str, Any] = {
        "storefront_id": random.choice(SHOPS),
        "order_id": f"{now:%Y%m%d}{number:06}",
        "client": {
            "ip_address": f"203.0.113.{random.randint(1, 254)}",
            "user_agent": "Mozilla/5.0",
            "url": "https://shop.example/thanks",
        },
        "utm_source": random.choice(["news", "search", "mail"]),
    }
    if random.random() < 0.9:  # the others tell nobody, so ad platforms get address and agent
        shared["user"] = {"email": f"customer{number}@example.com", "country": "US"}
    if random.random() < 0.05:
        shared["consent"] = {"ad_storage": "denied", "ad_user_data": "denied"}
    return [
        _event(random, shared, step, now - timedelta(seconds=60 - at))
        for at, step in enumerate(steps)
    ]


def _event(random: Random, shared: dict[str, Any], name: str, moment: datetime) -> dict[str, Any]:
    event = {**shared, "event_name": name, "event_time": moment.isoformat()}
    if name == "purchase_completed":
        cents = random.randint(1_000, 30_000)
        event["order_revenue"] = cents / 100
        event["contents"] = [{"id": "kit", "quantity": 1, "price": cents / 100}]
    return event
