"""What platforms call an event: the table, a destination's own map, and names that are the shop's own.

A shop's name never goes to an ad platform unless a map says so. `rx_issued` would tell a health
fact, so the table sends it to no ad platform (docs/relay/mapping.md).
"""

import re
from collections.abc import Mapping

_GA4_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}", re.ASCII)
_NOT_GA4 = re.compile(r"[^A-Za-z0-9_]")
_GA4_LONGEST = 40
_GA4_OWN = ("firebase_", "ga_", "google_", "gtag.")
_RESERVED = """
ad_activeview ad_click ad_exposure ad_impression ad_query ad_reward adunit_exposure app_background
app_clear_data app_exception app_remove app_store_refund app_store_subscription_cancel
app_store_subscription_convert app_store_subscription_renew app_update app_upgrade
dynamic_link_app_open dynamic_link_app_update dynamic_link_first_open error first_open first_visit
in_app_purchase notification_dismiss notification_foreground notification_open notification_receive
notification_send os_update session_start session_start_with_rollout user_engagement
"""
GA4_RESERVED = frozenset(_RESERVED.split())

AD_PLATFORMS = ("meta", "tiktok", "pinterest", "snapchat")

_COLUMNS = ("meta", "ga4", "tiktok", "pinterest", "snapchat")
_TABLE = {
    "consult_started": ("Lead", "generate_lead", "Lead", "lead", "SIGN_UP"),
    "consult_completed": (
        "SubmitApplication",
        "working_lead",
        "SubmitApplication",
        "custom",
        "CUSTOM_EVENT_1",
    ),
    "rx_issued": (None, "qualify_lead", None, None, None),
    "account_created": (
        "CompleteRegistration",
        "sign_up",
        "CompleteRegistration",
        "signup",
        "SIGN_UP",
    ),
    "checkout_started": (
        "InitiateCheckout",
        "begin_checkout",
        "InitiateCheckout",
        "initiate_checkout",
        "START_CHECKOUT",
    ),
    "purchase_completed": ("Purchase", "purchase", "Purchase", "checkout", "PURCHASE"),
    "subscription_started": (
        "Subscribe",
        "subscription_started",
        "Subscribe",
        "subscribe",
        "SUBSCRIBE",
    ),
    "order_shipped": (None, "order_shipped", None, None, None),
    "order_refunded": (None, "refund", None, None, None),
}
NAMES: Mapping[str, Mapping[str, str | None]] = {
    platform: {event: row[at] for event, row in _TABLE.items()}
    for at, platform in enumerate(_COLUMNS)
}


def name_at(platform: str, event_type: str, event_map: object) -> str | None:
    """What the platform is to call the event, or None where it is not to be sent.

    Args:
        platform: an adapter's name
        event_map: the destination's setting of that name
    """
    if isinstance(event_map, Mapping) and event_type in event_map:
        chosen = event_map[event_type]
        return chosen if chosen is None else str(chosen)
    if platform in AD_PLATFORMS:
        return NAMES[platform].get(event_type)
    if platform == "webhook":
        return event_type
    return NAMES["ga4"].get(event_type) or ga4_name(event_type)


def ga4_name(name: str) -> str:
    """The name as GA4 takes it: letters, digits and underscores, 40 of them, none of GA4's own."""
    made = _NOT_GA4.sub("_", name)[:_GA4_LONGEST]
    if not is_ga4_name(made):
        made = f"e_{made}"[:_GA4_LONGEST]
    return made


def is_ga4_name(name: str) -> bool:
    """Whether GA4 takes the name as it is."""
    own = name in GA4_RESERVED or name.lower().startswith(_GA4_OWN)
    return bool(_GA4_NAME.fullmatch(name)) and not own
