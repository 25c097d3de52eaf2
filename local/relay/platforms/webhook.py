"""A receiver of webhooks by Standard Webhooks 1.0: `/{receiver}`.

Signatures are verified by that standard's own package. A receiver knows its secret from `POST
/_accounts`; until then it looks at the headers' form only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from local.relay.platforms.checks import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    DAY,
    HASH,
    NUMBER,
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

_PATH = re.compile(r"/([A-Za-z0-9._-]{1,64})")
_ID = re.compile(r"[!-~]{1,256}")
_SIGNATURES = re.compile(r"v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*")
_MOMENT = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "a time in UTC")
_HASHED = (
    *("em", "em_google", "ph", "ph_plus", "fn", "ln", "fn_google", "ln_google", "ct", "st", "zp"),
    *("country", "db", "ge", "external_id"),
)
_FLAGS = ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage")
_ITEM: Rules = {
    **dict.fromkeys(("id", "name", "category"), text()),
    "quantity": COUNT,
    "price": NUMBER,
}
_DATA: Rules = {
    **dict.fromkeys(("id", "event_id", "order_id"), text(400)),
    "event_type": text(100),
    "event_time": _MOMENT,
    "value": NUMBER,
    "currency": CURRENCY,
    "contents": each(nested(_ITEM), most=200),
    "user": nested(dict.fromkeys(_HASHED, HASH)),
    "consent": nested(
        {**dict.fromkeys(_FLAGS, one_of("granted", "denied")), "limited_data_use": BOOLEAN}
    ),
    "extra": true(lambda v: isinstance(v, dict), "an object"),
}
_BODY: Rules = {
    "type": text(100),
    "timestamp": _MOMENT,
    "data": nested(_DATA, ("id", "event_id", "event_type", "event_time")),
}


def said(status: int, words: str) -> Reply:
    """A receiver's words are its own matter."""
    return json_reply(status, {"message": words})


class Receivers(Platform):
    """One event a request. The credential is the signature."""

    name = "webhook"

    def account_of(self, request: Request) -> str | None:
        found = _PATH.fullmatch(request.path)
        return found[1] if found else None

    def read(self, request: Request) -> Batch:
        receiver = self.account_of(request)
        if receiver is None:
            raise Refusal(said(404, "not found"), "no such path")
        body = json_body(request, said(400, "send a JSON object"), 1024 * 1024)
        is_test = body.get("type") == "relay.test"
        return Batch(receiver, "", [body], request, is_test=is_test)

    def verify(self, batch: Batch, secret: str | None) -> Problem:
        """Check the signature over the very bytes that came."""
        headers = batch.request.headers
        sound = (
            _ID.fullmatch(headers.get("webhook-id", ""))
            and headers.get("webhook-timestamp", "").isdecimal()
            and _SIGNATURES.fullmatch(headers.get("webhook-signature", ""))
        )
        if not sound:
            return "a header of Standard Webhooks is missing or malformed"
        if secret is None:
            return None
        try:
            Webhook(secret).verify(batch.request.body, dict(headers), json_parse=False)
        except WebhookVerificationError as error:
            return str(error)
        return None

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        return wrong_field(event, _BODY, ("type", "timestamp", "data"))

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        return Copy(event["data"]["id"], batch.request.headers["webhook-id"], 7.0 * DAY)

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        (problem,) = problems
        return (said(422, problem.lstrip(".: ")), False) if problem else (Reply(204), True)

    def unauthorised(self, batch: Batch) -> Reply:
        return said(401, "the signature is not right")

    def throttled(self) -> Reply:
        return said(429, "too many requests")

    def unwell(self, status: int, events: int) -> Reply:
        return said(status, "internal error")
