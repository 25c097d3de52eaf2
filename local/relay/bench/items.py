"""Items of the API for the measurements. Only the standard library: a peer's program makes them, too."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from typing import Any

_numbers = itertools.count(1)
CLIENT = {
    "ip_address": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36",
    "url": "https://shop.example/thanks",
    "fbp": "fb.1.1596403881668.1098115397",
}


def item(code: str) -> dict[str, Any]:
    """An event that no batch had before: an order with a person, a client and two pieces."""
    lean = lean_item(code)
    number = next(_numbers)
    return {
        **lean,
        "user": {
            "email": f"jane.roe.{number}@example.com",
            "phone": f"+1 650 253 {number % 10_000:04}",
            "first_name": "Jane",
            "last_name": "Roe",
            "country": "US",
        },
        "client": CLIENT,
        "contents": [
            {"id": "sku-1", "quantity": 1, "price": 50.79},
            {"id": "sku-2", "quantity": 3, "price": 10},
        ],
    }


def lean_item(code: str) -> dict[str, Any]:
    """The same without person, client and pieces."""
    return {
        "storefront_id": code,
        "event_name": "purchase_completed",
        "event_time": datetime.now(UTC).isoformat(),
        "order_id": f"{time.time_ns()}{next(_numbers)}",
        "order_revenue": 80.79,
        "t-value": "a1b2",
        "session_id": "a1b2c3",
        "utm_source": "mail",
        "utm_campaign": "spring",
    }
