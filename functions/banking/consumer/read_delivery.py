"""GET /consumer/delivery: how a bank gets its events. A tenant may read its own only."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ConsumerRef
from chalicelib.banking.webhooks import choosing
from chalicelib.banking.webhooks.models import DeliveryData
from chalicelib.banking.wiring import endpoint
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Answer, Call


@consumer.route("/consumer/delivery", methods=["GET"])
@endpoint(ConsumerRef, gives=DeliveryData, looks_up=True)
def read_delivery(call: Call[ConsumerRef]) -> Answer:
    """Read how a bank gets its events and how its server does; never the secret."""
    consumer_id = str(call.body.consumer_id)
    if not call.caller.is_admin and consumer_id != call.caller.owner_id:
        raise NotFound(choosing.NOT_FOUND)
    return Answer(choosing.read(call.db, consumer_id))
