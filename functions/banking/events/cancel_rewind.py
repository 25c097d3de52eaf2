"""DELETE /events/rewind: ends a bank's newest rewind before it is done."""

from chalicelib.banking.events import rewind
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import RewindProgress, RewindToCancel
from chalicelib.banking.wiring import endpoint
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@events.route("/events/rewind", methods=["DELETE"])
@endpoint(
    RewindToCancel,
    gives=RewindProgress,
    access=Access.ADMIN,
    looks_up=True,
    conflict="The newest rewind is done, or belongs to a recovery",
)
def cancel_rewind(call: Call[RewindToCancel]) -> Answer:
    """Cancel it; repeating it is harmless. What was sent stays sent.

    Before its queue is emptied it ends at once, or as soon as no call of before can be under way: the
    schedule ends it then, and so does this call. Afterwards the schedule first makes pending again what
    the queue has lost, so that live events go on in order behind it; then `status` is `done`.
    """
    require_reason(call)
    consumer_id = str(call.body.consumer_id)
    job = rewind.cancel(call.db, consumer_id)
    return Answer(job, audited=audited(call, consumer_id, {"sent": job["sent_count"]}))
