"""POST /events/resend: publishes what is pending and, on request, what was given up."""

import time
from collections.abc import Mapping
from typing import Any

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import Resend, ResendResult
from chalicelib.banking.events.reopening import reopen_newest
from chalicelib.banking.events.resend import resend_filters, run_resend
from chalicelib.banking.events.scope import Scope, scope_of, since_days
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/resend", methods=["POST"])
@endpoint(Resend, gives=ResendResult, looks_up=True)
def resend_events(call: Call[Resend]) -> Answer:
    """Publish pending events, oldest first, in order per customer; call again for the rest.

    With `include_failed` events that were given up become pending again where they are their customer's
    newest. The others are late; `include_late` sends them, marked so.
    """
    body = call.body
    scope = Scope(
        scope_of(call, body.consumer_id),
        body.event_types,
        since_days(body.period_in_days),
        body.max_try_count,
    )
    picked = [str(event_id) for event_id in body.event_ids] if body.event_ids else None
    filters = resend_filters(parts().settings, scope, picked, call.request.id)
    return Answer(_resend(body, filters, call.request.id))


def _resend(body: Resend, filters: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    resend, late = parts().resend, parts().late
    deadline = time.monotonic() + parts().settings.sweep_seconds
    reopened_count = late_count = 0
    if body.include_failed:
        reopened_count = reopen_newest(resend.database, filters, request_id, deadline)
        late_count = late.count(filters)
    summary = run_resend(resend, filters, deadline - time.monotonic())
    if body.include_late:
        summary.include(late.run(filters, deadline - time.monotonic()))
    return {
        "summary": summary.counts(),
        "failed_events": summary.failures,
        "reopened_count": reopened_count,
        "late_count": late_count,
    }
