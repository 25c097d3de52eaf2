"""The storefronts of a fault run, and their destinations, each with an account at its platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.relay.accounts import NUMBERS, account_at

Ask = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Posts a body to a path as the admin; gives the data of the answer."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One platform of one storefront. `account` is its name at the platform."""

    shop: str
    platform: str
    lane_id: int
    account: str


def open_shop(
    ask: Ask, code: str, digits: str, platforms: Sequence[str], urls: Mapping[str, str]
) -> list[Destination]:
    """Make a storefront with a destination at each of these platforms.

    Args:
        digits: names it where a platform takes digits only
        urls: where each platform is
    """
    shop = ask("/admin/v1/storefronts", {"storefront_id": code, "name": code})
    made = []
    for platform in platforms:
        account, credentials, settings = account_at(platform, urls[platform], code, digits)
        wanted: dict[str, Any] = {"storefront_id": shop["id"], **settings}
        path = "/admin/v1/sgtm-configs"
        if platform != "sgtm":
            path = "/admin/v1/credentials"
            wanted = {
                "storefront_id": shop["id"],
                "platform_id": NUMBERS[platform],
                "credentials": credentials,
                "settings": settings,
            }
        made.append(Destination(code, platform, ask(path, wanted)["lane_id"], account))
    return made
