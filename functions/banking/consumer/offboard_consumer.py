"""POST /consumer/offboard: a bank leaves; what it has is kept for a time, and then erased."""

from functools import partial

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.leaving import offboarding
from chalicelib.banking.leaving.models import Offboard, Offboarded
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/offboard", methods=["POST"])
@endpoint(
    Offboard,
    gives=Offboarded,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="The consumer is leaving or has left, or is the admin's",
)
def offboard_consumer(call: Call[Offboard]) -> Answer:
    """Deactivate a bank and take its access away at once, and erase it when the time is over.

    Until then DELETE takes it back. A dry run is answered 201, too.
    """
    require_reason(call, of_all=True)
    own, consumer_id = parts(), str(call.body.consumer_id)
    days = own.settings.offboard_days
    if call.body.dry_run:
        return Answer(offboarding.would_begin(call.db, consumer_id, days))
    begun = offboarding.begin(call.db, call, call.body.reason or "", consumer_id, days)
    has_access = begun["broker_access"] is not None
    settle = partial(own.broker_access.settle, consumer_id)
    after = settle if has_access else own.revocations.keep_now
    return Answer(begun, after_commit=after, audited=audited(call, consumer_id, {}))
