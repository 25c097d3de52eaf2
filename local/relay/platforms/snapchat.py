"""Snapchat's Conversions API v3: the token is in the query, and `status` in the body decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.relay.platforms.checks import (
    ADDRESS,
    AMOUNT,
    CURRENCY,
    DAY,
    HASHES,
    URL,
    WHOLE,
    Rules,
    each,
    known_by_client,
    matching,
    nested,
    one_of,
    text,
    wrong_field,
    wrong_time,
)
from local.relay.platforms.exchange import Refusal, Reply, Request, json_reply
from local.relay.platforms.held import Copy
from local.relay.platforms.platform import WINDOW, Batch, Platform, Problem, json_body

_PATH = re.compile(r"/v3/([A-Za-z0-9-]{1,64})/events(/validate)?")
_MOST = 1000
_OLDEST = 37 * DAY
_NAMES = """
ACHIEVEMENT_UNLOCKED ADD_BILLING ADD_CART ADD_TO_WISHLIST AD_CLICK AD_VIEW APP_INSTALL APP_OPEN
COMPLETE_TUTORIAL CUSTOM_EVENT_1 CUSTOM_EVENT_2 CUSTOM_EVENT_3 CUSTOM_EVENT_4 CUSTOM_EVENT_5 INVITE
LEVEL_COMPLETE LIST_VIEW LOGIN PAGE_VIEW PURCHASE RATE RESERVE SAVE SEARCH SHARE SIGN_UP SPENT_CREDITS
START_CHECKOUT START_TRIAL SUBSCRIBE VIEW_CONTENT
"""
_HASHES = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "db", "ge", "external_id")
_USER: Rules = {
    **dict.fromkeys(_HASHES, HASHES),
    "client_ip_address": ADDRESS,
    "client_user_agent": text(2000),
    "sc_click_id": text(),
}
_ITEM: Rules = {
    "id": text(),
    "quantity": matching(r"\d{1,9}", "a whole number as text"),
    "item_price": AMOUNT,
}
_CUSTOM: Rules = {
    "value": AMOUNT,
    "currency": CURRENCY,
    "order_id": text(),
    "contents": each(nested(_ITEM, ("id",)), most=1000),
}
_EVENT: Rules = {
    "event_name": one_of(*_NAMES.split()),
    "event_time": WHOLE,
    "event_id": text(),
    "action_source": one_of("WEB", "MOBILE_APP", "OFFLINE"),
    "event_source_url": URL,
    "user_data": nested(_USER),
    "custom_data": nested(_CUSTOM),
    "data_processing_options": lambda v: None if v in ([], ["LDU"]) else ": must be [] or [LDU]",
}
_NEEDED = ("event_name", "event_time", "event_id", "action_source", "user_data")


def said(http_status: int, status: str, reason: str = "") -> Reply:
    """An answer in Snapchat's form."""
    return json_reply(http_status, {"status": status, **({"reason": reason} if reason else {})})


class Snapchat(Platform):
    """`/v3/{pixel_id}/events?access_token=…`."""

    name = "snapchat"

    def account_of(self, request: Request) -> str | None:
        found = _PATH.fullmatch(request.path)
        return found[1] if found else None

    def read(self, request: Request) -> Batch:
        found = _PATH.fullmatch(request.path)
        if found is None:
            raise Refusal(said(404, "ERROR", "Not found"), "no such path")
        body = json_body(request, said(400, "INVALID", "Invalid request body"))
        events = body.get("data")
        if not isinstance(events, list) or not 1 <= len(events) <= _MOST or len(body) > 1:
            words = f"data must be a list of 1 to {_MOST} events, and the only field"
            raise Refusal(said(400, "INVALID", words), words, found[1])
        token = request.query.get("access_token", "")
        return Batch(found[1], token, events, request, is_test=found[2] is not None)

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        if wrong := wrong_field(event, _EVENT, _NEEDED):
            return wrong
        if wrong := wrong_time(event["event_time"], now, _OLDEST):
            return f".event_time {wrong}"
        user, custom = event["user_data"], event.get("custom_data", {})
        known = "em" in user or "ph" in user
        if not (known or known_by_client(user, "client_ip_address", "client_user_agent")):
            return ".user_data needs em, ph, or an address with an agent"
        if event["action_source"] == "WEB" and "event_source_url" not in event:
            return ".action_source WEB needs event_source_url"
        needs_currency = "value" in custom and "currency" not in custom
        return ".custom_data.value needs a currency" if needs_currency else None

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        return Copy(event["event_id"], event["event_id"], WINDOW)

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        """One wrong event refuses them all."""
        wrong = next((f"data[{at}]{each}" for at, each in enumerate(problems) if each), None)
        if wrong:
            return said(400, "INVALID", wrong), False
        return said(200, "VALID" if batch.is_test else "SUCCESS"), True

    def unauthorised(self, batch: Batch) -> Reply:
        return said(401, "ERROR", "The access token is invalid")

    def throttled(self) -> Reply:
        return said(429, "ERROR", "Too many requests")

    def unwell(self, status: int, events: int) -> Reply:
        return said(status, "ERROR", "Internal error")
