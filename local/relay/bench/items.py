"""Items of the API for the measurements. Only the standard library: a peer's program makes them, too."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from typing import Any

_numbers, _people = itertools.count(1), itertools.count(1)
_FIRST_NAMES = (
    *("Jane", "John", "Maria", "Zoë", "José", "Aisha", "Wei", "Olga", "Liam", "Emma", "Noah"),
    *("Olivia", "Renée", "Ethan", "Ava", "Lucas", "Mia", "Omar", "Ida", "Mary-Ann"),
)
_LAST_NAMES = (
    *("Roe", "Smith", "Johnson", "O'Brien", "García", "Nguyen", "Kim", "Müller", "Okafor"),
    *("Cohen", "Rossi", "Novak", "Silva", "Khan", "Brown", "Lee", "Walker"),
)
_AREAS = (202, 212, 305, 312, 404, 415, 503, 602, 617, 650, 702, 713, 718, 804, 916)
_AGENTS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36",
)
_CAMPAIGNS = ("spring", "summer", "refill", "welcome")


def item(code: str) -> dict[str, Any]:
    """An event that no batch had before: an order with a person, a client and two pieces.

    No two have the person, the address or the price in common, so nobody profits from remembering them.
    """
    lean, number = lean_item(code), next(_people)
    first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    last = _LAST_NAMES[number % len(_LAST_NAMES)]
    area = _AREAS[number % len(_AREAS)]
    return {
        **lean,
        "user": {
            "email": f"{first[0].lower()}.roe.{number}@example.com",
            "phone": f"+1 {area} {200 + 37 * number % 800} {number % 10_000:04}",
            "first_name": first,
            "last_name": last,
            "country": "US",
        },
        "client": {
            "ip_address": f"{11 + number % 100}.{number // 256 % 256}.{number % 256}.7",
            "user_agent": _AGENTS[number % len(_AGENTS)],
            "url": f"https://shop.example/thanks/{lean['order_id']}",
            "fbp": f"fb.1.{1596403881668 + number}.{1098115397 + 7919 * number}",
        },
        "contents": [
            {"id": f"sku-{number % 911}", "quantity": 1, "price": (1_000 + number % 9_000) / 100},
            {
                "id": f"sku-{31 * number % 613}",
                "quantity": 1 + number % 4,
                "price": 10 + number % 7,
            },
        ],
    }


def lean_item(code: str) -> dict[str, Any]:
    """The same without person, client and pieces."""
    number = next(_numbers)
    return {
        "storefront_id": code,
        "event_name": "purchase_completed",
        "event_time": datetime.now(UTC).isoformat(),
        "order_id": f"{time.time_ns()}{number}",
        "order_revenue": (2_000 + number % 20_000) / 100,
        "t-value": f"a1b2{number}",
        "session_id": f"a1b2c3{number}",
        "utm_source": "mail",
        "utm_campaign": _CAMPAIGNS[number % len(_CAMPAIGNS)],
    }
