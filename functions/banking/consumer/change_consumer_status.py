"""POST /consumer/change-status: disables or enables a consumer's key and its broker access at once."""

from functools import partial

from chalicelib.banking.broker.access import consumer_changed
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.consumers import change_status as change
from chalicelib.banking.consumer.consumers import would_change
from chalicelib.banking.consumer.models import ConsumerStatusChange, ConsumerStatusChanged
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, check_expected, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/change-status", methods=["POST"])
@endpoint(
    ConsumerStatusChange,
    gives=ConsumerStatusChanged,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="The consumer is in this status already, is leaving, or is the admin's",
)
def change_consumer_status(call: Call[ConsumerStatusChange]) -> Answer:
    """Activate or deactivate a consumer."""
    require_reason(call)
    consumer_id, status = str(call.body.consumer_id), call.body.status
    if call.body.dry_run:
        return Answer(would_change(call.db, consumer_id, status))
    check_expected(call.body.expected_count, 1)
    change(call.db, consumer_id, status)
    # The access follows the consumer's status, so that its connections end with it.
    has_access = consumer_changed(call.db, consumer_id)
    settle = partial(parts().broker_access.settle, consumer_id)
    after = settle if has_access else parts().revocations.keep_now
    return Answer(after_commit=after, audited=audited(call, consumer_id, {}))
