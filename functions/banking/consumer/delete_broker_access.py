"""DELETE /consumer/broker-access: takes a bank's user away and closes its connections."""

from functools import partial

from chalicelib.banking.broker.access import revoke_access
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import BrokerAccessRevoked, ConsumerAct
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/broker-access", methods=["DELETE"])
@endpoint(
    ConsumerAct, gives=BrokerAccessRevoked, access=Access.ADMIN, transaction=True, looks_up=True
)
def delete_broker_access(call: Call[ConsumerAct]) -> Answer:
    """Take the access away; repeating it is harmless."""
    require_reason(call)
    consumer_id = str(call.body.consumer_id)
    revoked = revoke_access(call.db, consumer_id)
    settle = partial(parts().broker_access.settle, consumer_id, revoked)
    return Answer(revoked, after_commit=settle, audited=audited(call, consumer_id, {}))
