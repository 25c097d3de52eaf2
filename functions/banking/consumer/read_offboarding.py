"""GET /consumer/offboard: where a bank's offboarding stands."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ConsumerRef
from chalicelib.banking.leaving import offboarding
from chalicelib.banking.leaving.models import OffboardedConsumer
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/offboard", methods=["GET"])
@endpoint(ConsumerRef, gives=OffboardedConsumer, access=Access.ADMIN, looks_up=True)
def read_offboarding(call: Call[ConsumerRef]) -> Answer:
    """The newest offboarding of a consumer."""
    return Answer(offboarding.read(call.db, str(call.body.consumer_id)))
