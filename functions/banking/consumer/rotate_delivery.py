"""POST /consumer/delivery/rotate: makes a new secret for a bank's webhook. Only this answer shows it."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ConsumerAct
from chalicelib.banking.webhooks.choosing import rotate
from chalicelib.banking.webhooks.models import SecretRotated
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/delivery/rotate", methods=["POST"])
@endpoint(
    ConsumerAct,
    gives=SecretRotated,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    schemes=("ApiKey",),
    looks_up=True,
    conflict="The consumer reads its queue",
)
def rotate_delivery(call: Call[ConsumerAct]) -> Answer:
    """Make a new secret; the one before signs beside it for 24 hours."""
    require_reason(call)
    consumer_id = str(call.body.consumer_id)
    rotated = rotate(call.db, consumer_id, parts().webhook_secrets())
    return Answer(rotated, audited=audited(call, consumer_id, {}))
