"""A shop's tag manager on a server (sGTM): the Measurement Protocol, with what its tags need besides.

The path `/{container}/mp/collect` is claimed by its client. The sender does not see what its tags do, so
a wrong event gets 200, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.relay.platforms.checks import DAY, Rules, text, true, wrong_field
from local.relay.platforms.exchange import Refusal, Reply, Request
from local.relay.platforms.ga4 import (
    CLIENT,
    EVENT_NAME,
    MOMENT,
    MOST_BYTES,
    MOST_EVENTS,
    wrong_items,
    wrong_moment,
    wrong_session,
)
from local.relay.platforms.held import Copy
from local.relay.platforms.platform import Batch, Platform, Problem, json_body

_PATH = re.compile(r"/([A-Za-z0-9._-]{1,64})/mp/collect")
_PREVIEW = "x-gtm-server-preview"
_OLDEST = 7 * DAY
_EVENT: Rules = {
    "name": EVENT_NAME,
    "timestamp_micros": MOMENT,
    "params": true(lambda v: isinstance(v, dict), "an object"),
}


class TagManager(Platform):
    """`/{container}/mp/collect?measurement_id=…`. The measurement id stands for a credential."""

    name = "sgtm"

    def account_of(self, request: Request) -> str | None:
        found = _PATH.fullmatch(request.path)
        return found[1] if found else None

    def read(self, request: Request) -> Batch:
        container = self.account_of(request)
        if container is None:
            raise Refusal(Reply(400), "no client claims the path")
        body = json_body(request, Reply(400), MOST_BYTES)
        whole = wrong_field(body, CLIENT, ("client_id", "events"))
        events = body.get("events")
        if not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
            events, whole = [{}], f".events: must be a list of 1 to {MOST_EVENTS}"
        measurement_id = request.query.get("measurement_id", "")
        is_test = _PREVIEW in request.headers
        return Batch(container, measurement_id, events, request, whole, is_test)

    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        wrong = (
            batch.whole
            or wrong_field(event, _EVENT, ("name", "timestamp_micros", "params"))
            or wrong_moment(event["timestamp_micros"], now, _OLDEST)
            or wrong_session(event["params"])
        )
        if wrong:
            return wrong
        params = event["params"]
        if text()(params.get("event_id")):
            return ".params.event_id: is missing, so no tag could deduplicate"
        return wrong_items(params["items"]) if "items" in params else None

    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        """The container passes everything on; the platforms behind it know copies by the event's id."""
        event_id = event["params"]["event_id"]
        return Copy(event_id, f"{event['name']}\n{event_id}")

    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        return Reply(200), True

    def unauthorised(self, batch: Batch) -> Reply:
        return Reply(400)

    def throttled(self) -> Reply:
        return Reply(429)

    def unwell(self, status: int, events: int) -> Reply:
        return Reply(status, b"error")
