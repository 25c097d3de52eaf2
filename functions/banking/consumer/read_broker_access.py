"""GET /consumer/broker-access: a consumer's access to the broker. A tenant may read its own only."""

from chalicelib.banking.broker import access
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import BrokerAccessData, ConsumerRef
from chalicelib.banking.wiring import endpoint
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Answer, Call


@consumer.route("/consumer/broker-access", methods=["GET"])
@endpoint(ConsumerRef, gives=BrokerAccessData, looks_up=True)
def read_broker_access(call: Call[ConsumerRef]) -> Answer:
    """Read when the access was made, and whether it is connected; never the password."""
    consumer_id = str(call.body.consumer_id)
    if not call.caller.is_admin and consumer_id != call.caller.owner_id:
        raise NotFound(access.NO_ACCESS)
    return Answer(access.read_access(call.db, consumer_id))
