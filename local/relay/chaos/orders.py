"""Invented events of orders, as items of a batch and as rows. Nobody is meant (RFC 2606, RFC 5737)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

TYPES = ("purchase_completed", "account_created", "checkout_started", "order_shipped")
INSERT = """
INSERT INTO marketing_events
    (event_id, storefront_code, event_type, event_payload, source_system, status)
VALUES (%(order_id)s, %(shop)s, %(event_type)s, %(payload)s, 'oms', 'pending')
"""


def item(random: Random, shop: str, event_type: str = TYPES[0]) -> dict[str, Any]:
    """An event of a new order, whose id no other shop has."""
    number = uuid.UUID(int=random.getrandbits(128), version=4)
    event: dict[str, Any] = {
        "storefront_id": shop,
        "event_name": event_type,
        "order_id": f"{shop}-{number}",
        "event_time": datetime.now(UTC).isoformat(),
        "user": {"email": f"{number.hex}@example.com", "country": "US"},
        "client": {
            "ip_address": f"203.0.113.{random.randint(1, 254)}",
            "user_agent": "Mozilla/5.0",
        },
    }
    if event_type == "purchase_completed":
        event["order_revenue"] = random.randint(1_000, 30_000) / 100
    if random.random() < 0.05:
        event["consent"] = {"ad_storage": "denied", "ad_user_data": "denied"}
    return event


def row_of(event: Mapping[str, Any]) -> dict[str, str]:
    """The values of an item's row, for `INSERT`."""
    payload = {name: event[name] for name in event.keys() - {"storefront_id", "event_name"}}
    return {
        "order_id": event["order_id"],
        "shop": event["storefront_id"],
        "event_type": event["event_name"],
        "payload": json.dumps(payload),
    }
