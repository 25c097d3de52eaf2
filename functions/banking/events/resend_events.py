"""POST /events/resend: publishes what is pending."""

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import Resend, SweepResult
from chalicelib.banking.events.resend import resend_filters, run_resend
from chalicelib.banking.events.scope import Scope, scope_of, since_days
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/resend", methods=["POST"])
@endpoint(Resend, gives=SweepResult, looks_up=True)
def resend_events(call: Call[Resend]) -> Answer:
    """Publish pending events, oldest first, in order per customer; call again for the rest."""
    scope = Scope(
        scope_of(call, call.body.consumer_id),
        call.body.event_types,
        since_days(call.body.period_in_days),
        call.body.max_try_count,
    )
    filters = resend_filters(parts().settings, scope)
    summary = run_resend(parts().resend, filters, parts().settings.sweep_seconds)
    return Answer({"summary": summary.counts(), "failed_events": summary.failures})
