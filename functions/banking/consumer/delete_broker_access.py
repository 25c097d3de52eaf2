"""DELETE /consumer/broker-access: takes a bank's user away and closes its connections."""

from functools import partial

from chalicelib.banking.broker.access import revoke_access
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import BrokerAccessRevoked, ConsumerRef
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/broker-access", methods=["DELETE"])
@endpoint(
    ConsumerRef, gives=BrokerAccessRevoked, access=Access.ADMIN, transaction=True, looks_up=True
)
def delete_broker_access(call: Call[ConsumerRef]) -> Answer:
    """Take the access away; repeating it is harmless."""
    consumer_id = str(call.body.consumer_id)
    revoked = revoke_access(call.db, consumer_id)
    return Answer(revoked, after_commit=partial(parts().broker_access.settle, consumer_id, revoked))
