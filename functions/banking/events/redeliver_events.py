"""POST /events/redeliver: publishes again what left its queue and was not confirmed in time."""

from typing import Any

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import Redeliver, RedeliverResult
from chalicelib.banking.events.redeliver import SQL, redeliver_filters
from chalicelib.banking.events.scope import Scope, scope_of, since_days, whose
from chalicelib.banking.webhooks.handing_over import is_any_called
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import (
    MOST_COUNTED,
    audited,
    check_expected,
    dry_run,
    require_reason,
)
from fintegrate.http.endpoint import Answer, Call
from fintegrate.outbox.summary import Summary


@events.route("/events/redeliver", methods=["POST"])
@endpoint(
    Redeliver, gives=RedeliverResult, looks_up=True, conflict="Far more would be hit than expected"
)
def redeliver_events(call: Call[Redeliver]) -> Answer:
    """Publish unconfirmed events again, in order; `dry_run` only counts them.

    An event that may still be in the consumer's queue is left out, and `left_out` says why.
    """
    require_reason(call)
    scope = scope_of(call, call.body.consumer_id)
    filters = _filters(call, scope)
    left_out = call.db.fetch_one(SQL["left_out"], filters)
    if call.body.dry_run:
        rows = call.db.fetch_all(SQL["dry_run"], {**filters, "most": MOST_COUNTED})
        summary = Summary(parts().redeliver.count(filters))
        return Answer({**_told(summary), "left_out": left_out, **dry_run(rows)})
    if call.body.expected_count is not None:
        check_expected(call.body.expected_count, parts().redeliver.count(filters))
    subject = whose(call.db, filters)  # before the act: what cannot be told is not done
    nudged = parts().nudge_webhooks if is_any_called(call.db, filters["consumer_id"]) else None
    summary = parts().redeliver.run(filters, parts().settings.sweep_seconds)
    done = audited(call, subject, summary.counts())
    answer = {**_told(summary), "left_out": left_out}
    return Answer(answer, audited=done, after_commit=nudged)


def _filters(call: Call[Redeliver], consumer_id: str | None) -> dict[str, Any]:
    body = call.body
    since = since_days(body.period_in_days)
    return redeliver_filters(
        parts().settings,
        Scope(consumer_id, body.event_types, since, body.max_try_count),
        [str(event_id) for event_id in body.event_ids] if body.event_ids else None,
        include_failed=body.include_failed,
        caused_by=call.request.id,
    )


def _told(summary: Summary) -> dict[str, Any]:
    return {"summary": summary.counts(), "failed_events": summary.failures}
