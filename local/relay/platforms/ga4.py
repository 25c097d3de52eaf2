"""GA4's Measurement Protocol: it answers 204 to whatever comes, and drops in silence what is wrong.

Only `/debug/mp/collect` says what is wrong, and it stores nothing. The tag manager takes the same form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.relay.platforms.checks import (
    COUNT,
    CURRENCY,
    DAY,
    HASH,
    HASHES,
    MINUTE,
    NUMBER,
    WHOLE,
    Rules,
    each,
    matching,
    nested,
    one_of,
    text,
    true,
    wrong_field,
)
from local.relay.platforms.exchange import Refusal, Reply, Request, json_reply
from local.relay.platforms.held import Copy
from local.relay.platforms.platform import Batch, Platform, Problem, json_body

_PATHS = {"/mp/collect": False, "/debug/mp/collect": True}
MOST_EVENTS, MOST_BYTES = 25, 130_000
_MOST_PARAMS, _MOST_ITEMS = 25, 200
_OLDEST = 3 * DAY
_RESERVED = """
ad_activeview ad_click ad_exposure ad_impression ad_query ad_reward adunit_exposure app_background
app_clear_data app_exception app_remove app_store_refund app_store_subscription_cancel
app_store_subscription_convert app_store_subscription_renew app_update app_upgrade
dynamic_link_app_open dynamic_link_app_update dynamic_link_first_open error first_open first_visit
in_app_purchase notification_dismiss notification_foreground notification_open notification_receive
notification_send os_update session_start session_start_with_rollout user_engagement
"""
RESERVED = frozenset(_RESERVED.split())
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}", re.ASCII)
_PREFIXES = ("_", "firebase_", "ga_", "google_", "gtag.")


def is_name(name: Any) -> bool:
    """Whether an event or a parameter may be called so."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and not name.startswith(_PREFIXES)


EVENT_NAME = true(lambda v: is_name(v) and v not in RESERVED, "a name that is free")
MOMENT = WHOLE
SESSION = matching(r"\d{1,20}", "digits")
CLIENT: Rules = {
    "client_id": text(255),
    "user_id": matching(r"[^@\s]{1,256}", "an id that is no address"),
    "consent": nested(
        dict.fromkeys(("ad_user_data", "ad_personalization"), one_of("GRANTED", "DENIED"))
    ),
    "user_data": nested(
        {
            "sha256_email_address": HASHES,
            "sha256_phone_number": HASHES,
            "address": each(
                nested(dict.fromkeys(("sha256_first_name", "sha256_last_name"), HASH)), most=2
            ),
        }
    ),
    "events": lambda _value: None,
}
_ITEM: Rules = {
    **dict.fromkeys(("item_id", "item_name", "item_category"), text(100)),
    "quantity": COUNT,
    "price": NUMBER,
}
ITEMS = each(nested(_ITEM), _MOST_ITEMS)


def wrong_param(name: str, value: Any) -> Problem:
    """What is wrong with a parameter of an event, but for `items`."""
    if not is_name(name):
        return f".{name[:40]}: is no name"
    if isinstance(value, str):
        return None if len(value) <= 100 else f".{name}: has more than 100 characters"
    if name == "value":
        said = NUMBER(value)
        return f".{name}{said}" if said else None
    return None if isinstance(value, int | float) else f".{name}: must be a text or a number"


def wrong_items(items: Any) -> Problem:
    """What is wrong with the items of an event."""
    if said := ITEMS(items):
        return f".items{said}"
    named = all("item_id" in item or "item_name" in item for item in items)
    return None if named else ".items: each needs item_id or item_name"


def wrong_params(params: Any) -> Problem:
    """What is wrong with the parameters of an event."""
    if not isinstance(params, dict) or len(params) > _MOST_PARAMS:
        return f".params: must be an object of at most {_MOST_PARAMS}"
    for name, value in params.items():
        if said := wrong_items(value) if name == "items" else wrong_param(name, value):
            return f".params{said}"
    return wrong_session(params)


def wrong_session(params: dict[str, Any]) -> Problem:
    """Without these two GA4 takes an event and may never report it."""
    if SESSION(params.get("session_id")):
        return ".params.session_id: must be digits"
    if not isinstance(params.get("engagement_time_msec"), int):
        return ".params.engagement_time_msec: is missing"
    if "value" in params and CURRENCY(params.get("currency")):
        return ".params.value needs a currency"
    return None


def wrong_moment(micros: Any, now: float, oldest: float) -> Problem:
    """What is wrong with a time in microseconds."""
    if MOMENT(micros):
        return ".timestamp_micros: must be a whole number"
    if micros < (now - oldest) * 1_000_000:
        return f".timestamp_micros is more than {oldest / DAY:g} days ago"
    ahead = micros > (now + MINUTE) * 1_000_000
    return ".timestamp_micros lies in the future" if ahead else None


_EVENT: Rules = {
    "name": EVENT_NAME,
    "timestamp_micros": MOMENT,
    "params": lambda _value: None,
}


class Ga4(Platform):
    """`/mp/collect?measurement_id=…&api_secret=…`."""

    name = "ga4"

    def account_of(self, request: Request) -> str | None:
        return request.query.get("measurement_id")

    def read(self, request: Request) -> Batch:
        measurement_id = self.account_of(request)
        is_test = _PATHS.get(request.path)
        if is_test is None or not measurement_id:
            raise Refusal(Reply(404), "no such path, or no measurement_id")
        body = json_body(request, Reply(204), MOST_BYTES)
        whole = wrong_field(body, CLIENT, ("client_id", "events"))
        events = body.get("events")
        if not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
            events, whole = [{}], f".events: must be a list of 1 to {MOST_EVENTS}"
        secret = request.query.get("api_secret", "")
        return Batch(measurement_id, secret, events, request, whole, is_test)

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        return (
            batch.whole
            or wrong_field(event, _EVENT, ("name", "timestamp_micros", "params"))
            or wrong_moment(event["timestamp_micros"], now, _OLDEST)
            or wrong_params(event["params"])
        )

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        """A purchase is known by its transaction. Nothing tells a copy of another event."""
        transaction, name = str(event["params"].get("transaction_id", "")), event["name"]
        return Copy(f"{transaction}:{name}", transaction if name == "purchase" else None)

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        if not batch.is_test:
            return Reply(204), True
        messages = [
            {
                "fieldPath": f"events[{at}]",
                "description": problem.lstrip(".: "),
                "validationCode": "VALUE_INVALID",
            }
            for at, problem in enumerate(problems)
            if problem
        ]
        return json_reply(200, {"validationMessages": messages}), True

    def unauthorised(self, batch: Batch) -> Reply:
        """A wrong secret gets the same 204: its events are never seen again."""
        return json_reply(200, {"validationMessages": []}) if batch.is_test else Reply(204)

    def throttled(self) -> Reply:
        return Reply(429)

    def unwell(self, status: int, events: int) -> Reply:
        return json_reply(status, {"error": "internal"})
