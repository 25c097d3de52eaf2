"""POST /consumer/change-status: disables or enables a consumer's key and its broker access at once."""

from functools import partial

from chalicelib.banking.broker.access import consumer_changed
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.consumers import SQL, read_consumer
from chalicelib.banking.consumer.models import ConsumerStatusChange
from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.errors import Conflict
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/change-status", methods=["POST"])
@endpoint(
    ConsumerStatusChange,
    access=Access.ADMIN,
    looks_up=True,
    conflict="The consumer is in this status already, or is the admin's",
)
def change_consumer_status(call: Call[ConsumerStatusChange]) -> Answer:
    """Activate or deactivate a consumer."""
    consumer_id, status = str(call.body.consumer_id), call.body.status
    if consumer_id == ADMIN_ID and status == "deactivated":
        raise Conflict(
            "The admin's own consumer cannot be deactivated, nobody could activate it again; "
            "deactivate the consumer of a bank"
        )
    change = {"consumer_id": consumer_id, "status": status}
    if call.db.fetch_one(SQL["change_consumer_status"], change) is None:
        read_consumer(call.db, consumer_id)  # raises NotFound if there is none
        raise Conflict(f"Consumer {consumer_id} is already {status}")
    # The access follows the consumer's status, so that its connections end with it.
    has_access = consumer_changed(call.db, consumer_id)
    settle = partial(parts().broker_access.settle, consumer_id)
    return Answer(after_commit=settle if has_access else parts().revocations.keep_now)
