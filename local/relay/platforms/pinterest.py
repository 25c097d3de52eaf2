"""Pinterest's Conversions API v5: its answer speaks of each event, in the order of the request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.relay.platforms.checks import (
    ADDRESS,
    AMOUNT,
    COUNT,
    CURRENCY,
    DAY,
    HASHES,
    HOUR,
    URL,
    WHOLE,
    Rules,
    each,
    known_by_client,
    nested,
    one_of,
    text,
    wrong_field,
    wrong_time,
)
from local.relay.platforms.exchange import Refusal, Reply, Request, json_reply
from local.relay.platforms.held import Copy
from local.relay.platforms.platform import WINDOW, Batch, Platform, Problem, bearer, json_body

_PATH = re.compile(r"/v5/ad_accounts/(\d{1,30})/events")
_MOST = 1000
_OLDEST = 7 * DAY
_NAMES = """
add_payment_info add_to_cart add_to_wishlist app_install app_open checkout contact custom
customize_product find_location initiate_checkout lead page_visit schedule search signup start_trial
submit_application subscribe view_category view_content watch_video
"""
_HASHES = ("em", "ph", "ge", "db", "ln", "fn", "ct", "st", "zp", "country", "external_id")
_USER: Rules = {
    **dict.fromkeys((*_HASHES, "hashed_maids"), HASHES),
    "client_ip_address": ADDRESS,
    "client_user_agent": text(2000),
    "click_id": text(500),
}
_ITEM: Rules = {
    **dict.fromkeys(("id", "item_name", "item_category", "item_brand"), text()),
    "quantity": COUNT,
    "item_price": AMOUNT,
}
_CUSTOM: Rules = {
    "value": AMOUNT,
    "currency": CURRENCY,
    "order_id": text(),
    "content_ids": each(text(), most=1000),
    "contents": each(nested(_ITEM), most=1000),
    "num_items": COUNT,
    "opt_out_type": one_of("LDP"),
}
_EVENT: Rules = {
    "event_name": one_of(*_NAMES.split()),
    "action_source": one_of("app_android", "app_ios", "web", "offline"),
    "event_time": WHOLE,
    "event_id": text(),
    "event_source_url": URL,
    "user_data": nested(_USER),
    "custom_data": nested(_CUSTOM),
}
_NEEDED = ("event_name", "action_source", "event_time", "event_id", "user_data")


def error(status: int, code: int, words: str) -> Reply:
    """An answer that speaks of the request as a whole."""
    return json_reply(status, {"code": code, "message": words})


class Pinterest(Platform):
    """`/v5/ad_accounts/{ad_account_id}/events`."""

    name = "pinterest"
    calls_a_minute = 5000

    def account_of(self, request: Request) -> str | None:
        found = _PATH.fullmatch(request.path)
        return found[1] if found else None

    def read(self, request: Request) -> Batch:
        account = self.account_of(request)
        if account is None:
            raise Refusal(error(404, 4, "Not found."), "no such path")
        body = json_body(request, error(400, 1, "Invalid request body."))
        events = body.get("data")
        if not isinstance(events, list) or not 1 <= len(events) <= _MOST or len(body) > 1:
            words = f"data must be a list of 1 to {_MOST} events, and the only field"
            raise Refusal(error(400, 1, words), words, account)
        is_test = request.query.get("test") == "true"
        return Batch(account, bearer(request), events, request, is_test=is_test)

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        if wrong := wrong_field(event, _EVENT, _NEEDED):
            return wrong
        if wrong := wrong_time(event["event_time"], now, _OLDEST):
            return f".event_time {wrong}"
        user, custom = event["user_data"], event.get("custom_data", {})
        known = "em" in user or "hashed_maids" in user
        if not (known or known_by_client(user, "client_ip_address", "client_user_agent")):
            return ".user_data needs em, hashed_maids, or an address with an agent"
        needs_currency = "value" in custom and "currency" not in custom
        return ".custom_data.value needs a currency" if needs_currency else None

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        """What is over an hour old counts as offline, and copies of offline events are not known."""
        offline = event["action_source"] == "offline" or event["event_time"] < now - HOUR
        return Copy(event["event_id"], None if offline else event["event_id"], WINDOW)

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        events = [
            {"status": "failed", "error_message": f"{problem}".lstrip(".")}
            if problem
            else {"status": "processed", "error_message": "", "warning_message": ""}
            for problem in problems
        ]
        sound = sum(problem is None for problem in problems)
        counts = {"num_events_received": len(events), "num_events_processed": sound}
        return json_reply(200 if sound else 422, {**counts, "events": events}), True

    def unauthorised(self, batch: Batch) -> Reply:
        return error(401, 2, "Authentication failed.")

    def throttled(self) -> Reply:
        return error(429, 8, "You have exceeded your rate limit. Try again later.")

    def unwell(self, status: int, events: int) -> Reply:
        if status != 200:
            return error(status, 0, "Something went wrong on our end.")
        failed = {"status": "failed", "error_message": "Internal error"}
        counts = {"num_events_received": events, "num_events_processed": 0}
        return json_reply(200, {**counts, "events": [failed] * events})
