"""POST /consumer/data: creates a consumer, the tenant for a bank's system."""

from functools import partial

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.consumers import SQL, check_room
from chalicelib.banking.consumer.models import ConsumerCreated, NewConsumer
from chalicelib.banking.tenants import ADMIN_ID, ADMIN_NAME
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.database import UniqueViolation
from fintegrate.errors import Conflict
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/data", methods=["POST"])
@endpoint(
    NewConsumer,
    gives=ConsumerCreated,
    status=201,
    access=Access.ADMIN,
    conflict="A consumer of this name exists, or there are as many as may be",
)
def create_consumer(call: Call[NewConsumer]) -> Answer:
    """Create a consumer, declare its queues, and tell the admin."""
    name = call.body.consumer_name
    check_room(call.db, parts().settings.max_consumers)
    values = {
        "name": name,
        "admin_id": ADMIN_ID,
        "admin_name": ADMIN_NAME,
        "source_service": f"{call.request.method}: {call.request.path}",
        "traceparent": call.request.traceparent,
        "key_id": call.caller.key_id,
        "request_id": call.request.id,
    }
    try:
        (event,) = call.db.fetch_all(SQL["create_consumer"], values)
    except UniqueViolation as error:
        raise Conflict(f"A consumer named {name} exists; choose another name") from error
    # Declaring takes up to a second, so it must not run while the transaction holds locks.
    declare = partial(parts().declare_queues, [{"consumer_name": name}])
    told = Audited("done", event["customer_id"], {"consumer_name": name})
    return Answer({"consumer_id": told.subject}, event, after_commit=declare, audited=told)
