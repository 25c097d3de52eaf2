"""DELETE /consumer/offboard: takes an offboarding back while its time is not over."""

from chalicelib.banking.broker.access import consumer_changed
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.leaving import offboarding
from chalicelib.banking.leaving.models import OffboardedConsumer, OffboardTakenBack
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/offboard", methods=["DELETE"])
@endpoint(
    OffboardTakenBack,
    gives=OffboardedConsumer,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="No offboarding of this consumer waits any more",
)
def take_back_offboarding(call: Call[OffboardTakenBack]) -> Answer:
    """The bank is as active as before, and its keys work; its user of the broker must be made anew."""
    require_reason(call)
    consumer_id = str(call.body.consumer_id)
    taken = offboarding.take_back(call.db, consumer_id)
    consumer_changed(call.db, consumer_id)
    keep = parts().revocations.keep_now
    return Answer(taken, after_commit=keep, audited=audited(call, consumer_id, {}))
