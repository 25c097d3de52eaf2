"""Accounts at the local platforms: what sends to one, and by what an event is known there."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from chalicelib.relay.delivery.names import name_at

PLATFORMS = ("sgtm", "meta", "ga4", "tiktok", "pinterest", "snapchat", "webhook")
NUMBERS = {name: number for number, name in enumerate(PLATFORMS, start=1)}
"""The numbers that the migration gives them."""


class Account(NamedTuple):
    """An account's name at its platform, its credentials, and the settings of a destination."""

    name: str
    credentials: dict[str, str]
    settings: dict[str, str]


def account_at(platform: str, base_url: str, shop: str, digits: str) -> Account:
    """A new account of a shop. Some platforms name accounts by digits."""
    token, own = secrets.token_urlsafe(24), {"base_url": f"{base_url}/{platform}"}
    match platform:
        case "sgtm":
            url = {"sgtm_url": f"{base_url}/sgtm/{shop}", "measurement_id": f"G-SHOP{digits}"}
            return Account(shop, {}, url)
        case "webhook":
            return Account(shop, {}, {"url": f"{base_url}/webhook/{shop}"})
        case "ga4":
            name = f"G-SHOP{digits}"
            return Account(name, {"measurement_id": name, "api_secret": token}, own)
        case "tiktok":
            name = f"CSHOP{digits}"
            return Account(name, {"event_source_id": name, "access_token": token}, own)
        case "pinterest":
            return Account(digits, {"ad_account_id": digits, "access_token": token}, own)
    return Account(digits, {"pixel_id": digits, "access_token": token}, own)


def id_at(platform: str, dedup_id: str, order_id: str, event_type: str) -> str:
    """By what the platform knows the event. GA4 has nothing but the transaction and the name."""
    if platform == "ga4":
        return f"{order_id}:{name_at('ga4', event_type, None)}"
    return dedup_id
