"""POST /v1/events: takes a page of the order system's events."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime

from chalicelib.relay.ingest.accept import accept
from chalicelib.relay.ingest.blueprint import ingest
from chalicelib.relay.ingest.models import Batch, Received
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call

log = logging.getLogger(__name__)


@ingest.route("/v1/events", methods=["POST"])
@endpoint(Batch, gives=Received, status=202, transaction=True)
def receive_events(call: Call[Batch]) -> Answer:
    """Take a batch of events.

    Answers when the accepted events and their deliveries are committed. A safe repeat needs no header:
    the same batch sent again is all duplicates.
    """
    own = parts()
    results = accept(call.db, own.sealing(), call.body.data, datetime.now(UTC))
    counts = Counter(result["status"] for result in results)
    data = {
        "received": len(results),
        "accepted": counts["accepted"],
        "duplicates": counts["duplicate"],
        "conflicts": counts["conflict"],
        "rejected": counts["rejected"],
        "results": results,
        **_warnings(call.body.error),
    }
    nudged = own.nudge if counts["accepted"] else None
    return Answer(data, after_commit=nudged)


def _warnings(error: object) -> dict[str, list[str]]:
    """The page's own error is not repeated: nobody knows what it holds."""
    if not error:
        return {}
    log.warning("the order system sent a page with an error")
    return {"warnings": ["error: the page says that something went wrong; its items count"]}
