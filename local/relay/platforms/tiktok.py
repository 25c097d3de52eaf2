"""TikTok's Events API 2.0: HTTP 200 says nothing, the `code` in the body does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from local.relay.platforms.checks import (
    ADDRESS,
    BOOLEAN,
    COUNT,
    CURRENCY,
    DAY,
    HASH,
    NUMBER,
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
from local.relay.platforms.platform import WINDOW, Batch, Platform, Problem, json_body

_PATH = re.compile(r"/open_api/v1\.\d/event/track/")
_MOST = 1000
_OLDEST = 7 * DAY
_USER: Rules = {
    **dict.fromkeys(("email", "phone", "external_id"), HASH),
    "ttclid": text(1000),
    "ttp": text(),
    "ip": ADDRESS,
    "user_agent": text(2000),
    **dict.fromkeys(("city", "state", "country", "zip_code"), text()),
}
_ITEM: Rules = {
    **dict.fromkeys(("content_id", "content_name", "content_category", "brand"), text()),
    "quantity": COUNT,
    "price": NUMBER,
}
_PROPERTIES: Rules = {
    "value": NUMBER,
    "currency": CURRENCY,
    "order_id": text(),
    "content_type": one_of("product", "product_group"),
    "contents": each(nested(_ITEM), most=1000),
}
_EVENT: Rules = {
    "event": text(50),
    "event_time": WHOLE,
    "event_id": text(),
    "user": nested(_USER),
    "page": nested({"url": URL, "referrer": URL}, ("url",)),
    "properties": nested(_PROPERTIES),
    "limited_data_use": BOOLEAN,
}
_FIELDS = {"event_source", "event_source_id", "data", "test_event_code"}


def said(code: int, words: str, status: int = 200, **data: Any) -> Reply:
    """An answer in TikTok's form."""
    return json_reply(
        status, {"code": code, "message": words, "request_id": "20260101local", "data": data}
    )


class TikTok(Platform):
    """`/open_api/v1.3/event/track/`; the account is in the body."""

    name = "tiktok"

    def account_of(self, request: Request) -> str | None:
        try:
            account = orjson.loads(request.body).get("event_source_id")
        except (orjson.JSONDecodeError, AttributeError):
            return None
        return account if isinstance(account, str) else None

    def read(self, request: Request) -> Batch:
        if not _PATH.fullmatch(request.path):
            raise Refusal(said(40400, "Not found", 404), "no such path")
        body = json_body(request, said(40002, "Invalid request body"))
        account = body.get("event_source_id")
        if not isinstance(account, str) or not account:
            raise Refusal(said(40002, "event_source_id: is required"), "no event_source_id")
        if body.get("event_source") not in {"web", "app", "offline", "crm"}:
            raise Refusal(said(40002, "event_source: is invalid"), "no event_source", account)
        events = body.get("data")
        if not isinstance(events, list) or not 1 <= len(events) <= _MOST:
            words = f"data: must be a list of 1 to {_MOST} events"
            raise Refusal(said(40002, words), words, account)
        if unknown := body.keys() - _FIELDS:
            words = f"{len(unknown)} unknown fields in the request"
            raise Refusal(said(40002, words), words, account)
        token = request.headers.get("access-token", "")
        return Batch(account, token, events, request, is_test="test_event_code" in body)

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        if wrong := wrong_field(event, _EVENT, ("event", "event_time", "event_id", "user")):
            return wrong
        if wrong := wrong_time(event["event_time"], now, _OLDEST):
            return f".event_time {wrong}"
        user, properties = event["user"], event.get("properties", {})
        known = any(user.get(name) for name in ("email", "phone", "external_id", "ttclid", "ttp"))
        if not known and not known_by_client(user, "ip", "user_agent"):
            return ".user names nobody"
        if "value" in properties and "currency" not in properties:
            return ".properties.value needs a currency"
        return None

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        return Copy(event["event_id"], f"{event['event']}\n{event['event_id']}", WINDOW)

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        """Some wrong events: the others are taken. Only wrong ones: the request is refused."""
        wrong = [at for at, problem in enumerate(problems) if problem]
        if not wrong:
            return said(0, "OK"), True
        words = f"data.{wrong[0]}{problems[wrong[0]]}"
        if len(wrong) == len(problems):
            return said(40002, words), False
        return said(20001, f"Partial success: {words}"), True

    def unauthorised(self, batch: Batch) -> Reply:
        return said(40105, "Access token is incorrect or has been revoked.")

    def throttled(self) -> Reply:
        return said(40100, "Too many requests. Please try again later.", 429)

    def unwell(self, status: int, events: int) -> Reply:
        return said(50000, "System error", status)
