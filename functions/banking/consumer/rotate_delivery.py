"""POST /consumer/delivery/rotate: makes a new secret for a bank's webhook. Only this answer shows it."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ConsumerRef
from chalicelib.banking.webhooks.choosing import rotate
from chalicelib.banking.webhooks.models import SecretRotated
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/delivery/rotate", methods=["POST"])
@endpoint(
    ConsumerRef,
    gives=SecretRotated,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    looks_up=True,
    conflict="The consumer reads its queue",
)
def rotate_delivery(call: Call[ConsumerRef]) -> Answer:
    """Make a new secret; the one before signs beside it for 24 hours."""
    return Answer(rotate(call.db, str(call.body.consumer_id), parts().webhook_secrets()))
