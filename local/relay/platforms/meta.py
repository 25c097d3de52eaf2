"""Meta's Conversions API: a wrong event refuses its whole request, and the answer does not say which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.relay.platforms.checks import (
    ADDRESS,
    COUNT,
    CURRENCY,
    DAY,
    HASHES,
    NUMBER,
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
from local.relay.platforms.platform import WINDOW, Batch, Platform, Problem, bearer, json_body

_PATH = re.compile(r"/v\d{2}\.\d/(\d{1,30})/events")
_MOST = 1000
_OLDEST, _OLDEST_IN_STORE = 7 * DAY, 62 * DAY
_SOURCES = (
    *("email", "website", "app", "phone_call", "chat", "physical_store", "system_generated"),
    *("business_messaging", "other"),
)
_HASHES = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "db", "ge", "external_id")
_USER: Rules = {
    **dict.fromkeys(_HASHES, HASHES),
    "client_ip_address": ADDRESS,
    "client_user_agent": text(2000),
    "fbc": matching(r"fb\.\d\.\d{10,16}\.[\w.-]{1,500}", "fb.<index>.<time>.<click id>"),
    "fbp": matching(r"fb\.\d\.\d{10,16}\.[\w.-]{1,60}", "fb.<index>.<time>.<number>"),
}
_ITEM: Rules = {"id": text(), "quantity": COUNT, "item_price": NUMBER}
_CUSTOM: Rules = {
    "currency": CURRENCY,
    "value": NUMBER,
    "order_id": text(),
    "content_type": one_of("product", "product_group"),
    "content_ids": each(text(), most=1000),
    "contents": each(nested(_ITEM, ("id", "quantity")), most=1000),
    "num_items": COUNT,
}
_EVENT: Rules = {
    "event_name": text(50),
    "event_time": WHOLE,
    "event_id": text(),
    "action_source": one_of(*_SOURCES),
    "event_source_url": URL,
    "user_data": nested(_USER),
    "custom_data": nested(_CUSTOM),
    "data_processing_options": lambda v: None if v in ([], ["LDU"]) else ": must be [] or [LDU]",
    "data_processing_options_country": one_of(0, 1),
    "data_processing_options_state": one_of(0, *range(1000, 1051)),
}
_NEEDED = ("event_name", "event_time", "event_id", "action_source", "user_data")
_KNOWN = ("em", "ph", "external_id", "fbc", "fbp")


def error(status: int, code: int, words: str, subcode: int | None = None) -> Reply:
    """An answer in the form of the Graph API."""
    said = {"message": words, "type": "OAuthException", "code": code, "fbtrace_id": "A0local0"}
    return json_reply(status, {"error": said | ({"error_subcode": subcode} if subcode else {})})


_WRONG = error(400, 100, "Invalid parameter")


class Meta(Platform):
    """`/{version}/{pixel_id}/events`."""

    name = "meta"

    def account_of(self, request: Request) -> str | None:
        found = _PATH.fullmatch(request.path)
        return found[1] if found else None

    def read(self, request: Request) -> Batch:
        pixel = self.account_of(request)
        if pixel is None:
            reply = error(400, 100, "Unsupported post request. Object does not exist", 33)
            raise Refusal(reply, "no such path")
        if "access_token" in request.query:
            raise Refusal(_WRONG, "the token belongs into Authorization", pixel)
        body = json_body(request, _WRONG)
        events = body.get("data")
        if not isinstance(events, list) or not 1 <= len(events) <= _MOST:
            raise Refusal(_WRONG, f"data must be a list of 1 to {_MOST} events", pixel)
        if unknown := body.keys() - {"data", "test_event_code"}:
            raise Refusal(_WRONG, f"{len(unknown)} unknown fields in the request", pixel)
        is_test = "test_event_code" in body
        return Batch(pixel, bearer(request), events, request, is_test=is_test)

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        if wrong := wrong_field(event, _EVENT, _NEEDED):
            return wrong
        in_store = event["action_source"] == "physical_store"
        oldest = _OLDEST_IN_STORE if in_store else _OLDEST
        if wrong := wrong_time(event["event_time"], now, oldest):
            return f".event_time {wrong}"
        user, custom = event["user_data"], event.get("custom_data", {})
        known = any(name in user for name in _KNOWN)
        if not (known or known_by_client(user, "client_ip_address", "client_user_agent")):
            return ".user_data names nobody"
        if event["action_source"] == "website" and not (
            "event_source_url" in event and "client_user_agent" in user
        ):
            return ".action_source website needs event_source_url and client_user_agent"
        if event["event_name"] == "Purchase" and not {"value", "currency"} <= custom.keys():
            return ".custom_data of a Purchase needs value and currency"
        without_currency = "value" in custom and "currency" not in custom
        return ".custom_data.value needs a currency" if without_currency else None

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        return Copy(event["event_id"], f"{event['event_name']}\n{event['event_id']}", WINDOW)

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        wrong = next((each for each in problems if each), None)
        if wrong is None:
            taken = {"events_received": len(problems), "messages": [], "fbtrace_id": "A0local0"}
            return json_reply(200, taken), True
        if "days ago" in wrong:
            return error(400, 100, "Invalid parameter", 2804003), False
        return _WRONG, False

    def unauthorised(self, batch: Batch) -> Reply:
        return error(400, 190, "Invalid OAuth access token - Cannot parse access token")

    def throttled(self) -> Reply:
        return error(429, 4, "Application request limit reached")

    def unwell(self, status: int, events: int) -> Reply:
        return error(status, 2, "An unexpected error has occurred. Please retry later.")
