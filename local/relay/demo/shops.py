"""The demo's shops and their destinations: one of each platform, with an account of its own there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local.relay.accounts import NUMBERS, PLATFORMS, account_at
from local.relay.calls import Platforms, Relay

SHOPS = ("bosley", "harbor", "meadow")
WEBHOOKS_A_MINUTE = 60_000
WRONG_TOKEN = ("meadow", "snapchat")
"""The destination that begins with a token which its platform does not know."""


@dataclass(frozen=True)
class Destination:
    """One platform of one shop.

    Attributes:
        account: its name at the platform
        right: the credentials that the platform knows
    """

    shop: str
    platform: str
    lane_id: int
    credential_id: int
    account: str
    right: dict[str, str] = field(repr=False)


def open_shops(admin: Relay, platforms: Platforms) -> list[Destination]:
    """Make the shops with all their destinations, and tell the platforms who they are."""
    made = []
    for number, code in enumerate(SHOPS, start=1):
        wanted = {"storefront_id": code, "name": code.title()}
        shop = admin.ask("POST", "/admin/v1/storefronts", wanted)
        made += [
            _open(admin, platforms, code, shop["id"], platform, number) for platform in PLATFORMS
        ]
    return made


def _open(
    admin: Relay, platforms: Platforms, code: str, shop_id: int, platform: str, number: int
) -> Destination:
    account, given, settings = account_at(platform, platforms.base_url, code, f"90000{number}")
    if platform == "sgtm":
        made = admin.ask("POST", "/admin/v1/sgtm-configs", {"storefront_id": shop_id, **settings})
        platforms.know(platform, account, settings["measurement_id"])
        return Destination(code, platform, made["lane_id"], made["id"], account, {})
    wanted: dict[str, Any] = {
        "storefront_id": shop_id,
        "platform_id": NUMBERS[platform],
        "credentials": given,
        "settings": settings,
    }
    token = given.get("access_token") or given.get("api_secret")
    if (code, platform) == WRONG_TOKEN:
        wanted["credentials"] = {**given, "access_token": "expired"}
    made = admin.ask("POST", "/admin/v1/credentials", wanted)
    secret = made.get("made", {}).get("secret") or token
    platforms.know(platform, account, str(secret))
    if platform == "webhook":  # its ordinary bound would make a long demo of many orders
        lane = f"/admin/v1/lanes/{made['lane_id']}"
        admin.ask("PATCH", lane, {"requests_per_minute": WEBHOOKS_A_MINUTE})
    return Destination(code, platform, made["lane_id"], made["id"], account, given)
