"""POST /events/redeliver: publishes again what left its queue and was not confirmed in time."""

from typing import Any

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import Redeliver, RedeliverResult
from chalicelib.banking.events.redeliver import SQL, redeliver_filters
from chalicelib.banking.events.scope import Scope, scope_of, since_days
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call
from fintegrate.outbox.summary import Summary


@events.route("/events/redeliver", methods=["POST"])
@endpoint(Redeliver, gives=RedeliverResult, looks_up=True)
def redeliver_events(call: Call[Redeliver]) -> Answer:
    """Publish unconfirmed events again, in order; `dry_run` only counts them.

    An event that may still be in the consumer's queue is left out, and `left_out` says why.
    """
    filters = _filters(call)
    left_out = call.db.fetch_one(SQL["left_out"], filters)
    if call.body.dry_run:
        summary = Summary(parts().redeliver.count(filters))
    else:
        summary = parts().redeliver.run(filters, parts().settings.sweep_seconds)
    return Answer(
        {"summary": summary.counts(), "left_out": left_out, "failed_events": summary.failures}
    )


def _filters(call: Call[Redeliver]) -> dict[str, Any]:
    body = call.body
    scope = Scope(
        scope_of(call, body.consumer_id),
        body.event_types,
        since_days(body.period_in_days),
        body.max_try_count,
    )
    return redeliver_filters(
        parts().settings,
        scope,
        [str(event_id) for event_id in body.event_ids] if body.event_ids else None,
        include_failed=body.include_failed,
        caused_by=call.request.id,
    )
