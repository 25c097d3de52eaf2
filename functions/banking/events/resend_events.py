"""POST /events/resend: publishes what is pending and, on request, what was given up."""

import time
from collections.abc import Mapping
from typing import Any

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import Resend, ResendResult
from chalicelib.banking.events.reopening import reopen_newest
from chalicelib.banking.events.resend import SQL, resend_filters, run_resend
from chalicelib.banking.events.scope import Scope, scope_of, since_days, whose
from chalicelib.banking.webhooks.handing_over import is_any_called
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import (
    MOST_COUNTED,
    DryRun,
    audited,
    check_expected,
    dry_run,
    require_reason,
)
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call
from fintegrate.outbox.summary import Summary


@events.route("/events/resend", methods=["POST"])
@endpoint(Resend, gives=ResendResult, looks_up=True, conflict="Far more would be hit than expected")
def resend_events(call: Call[Resend]) -> Answer:
    """Publish pending events, oldest first, in order per customer; call again for the rest.

    With `include_failed` events that were given up become pending again where they are their customer's
    newest. The others are late; `include_late` sends them, marked so. `dry_run` only counts.
    """
    require_reason(call)
    scope = scope_of(call, call.body.consumer_id)
    filters = _filters(call, scope)
    if call.body.dry_run:
        hit = _would_send(call.db, filters)
        return Answer({**_told(Summary(hit["matched"]), 0, hit["late"]), **hit})
    if call.body.expected_count is not None:
        check_expected(call.body.expected_count, _would_send(call.db, filters)["matched"])
    subject = whose(call.db, filters)  # before the act: what cannot be told is not done
    nudged = parts().nudge_webhooks if is_any_called(call.db, filters["consumer_id"]) else None
    done = _resend(call.body, filters, call.request.id)
    told = audited(call, subject, done["summary"])
    return Answer(done, audited=told, after_commit=nudged)


def _filters(call: Call[Resend], consumer_id: str | None) -> dict[str, Any]:
    body = call.body
    since = since_days(body.period_in_days)
    scope = Scope(consumer_id, body.event_types, since, body.max_try_count)
    picked = [str(event_id) for event_id in body.event_ids] if body.event_ids else None
    also = {"include_failed": body.include_failed, "include_late": body.include_late}
    return {**resend_filters(parts().settings, scope, picked, call.request.id), **also}


def _would_send(db: Database, filters: Mapping[str, Any]) -> DryRun:
    return dry_run(db.fetch_all(SQL["dry_run"], {**filters, "most": MOST_COUNTED}))


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
    return _told(summary, reopened_count, late_count)


def _told(summary: Summary, reopened_count: int, late_count: int) -> dict[str, Any]:
    return {
        "summary": summary.counts(),
        "failed_events": summary.failures,
        "reopened_count": reopened_count,
        "late_count": late_count,
    }
