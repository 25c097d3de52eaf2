"""GET /consumer/data: one consumer. A tenant may read only itself."""

from chalicelib.banking.consumer import consumers
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ConsumerData, ConsumerRef
from chalicelib.banking.wiring import endpoint
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Answer, Call


@consumer.route("/consumer/data", methods=["GET"])
@endpoint(ConsumerRef, gives=ConsumerData, looks_up=True)
def read_consumer(call: Call[ConsumerRef]) -> Answer:
    """Read a consumer."""
    consumer_id = str(call.body.consumer_id)
    if not call.caller.is_admin and consumer_id != call.caller.owner_id:
        raise NotFound(consumers.NOT_FOUND)
    return Answer(consumers.read_consumer(call.db, consumer_id))
