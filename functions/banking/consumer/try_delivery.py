"""POST /consumer/delivery/test: calls a bank with a test event and says what was answered."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ConsumerAct
from chalicelib.banking.webhooks.choosing import test_of
from chalicelib.banking.webhooks.models import DeliveryTested
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/delivery/test", methods=["POST"])
@endpoint(
    ConsumerAct,
    gives=DeliveryTested,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    looks_up=True,
    conflict="The consumer reads its queue",
)
def try_delivery(call: Call[ConsumerAct]) -> Answer:
    """Send a test event of the type `webhook_test`, whatever the state of the bank's server."""
    require_reason(call)
    own, consumer_id = parts(), str(call.body.consumer_id)
    outcome = test_of(call.db, consumer_id, own.settings.webhook_test_wait_seconds)
    done = audited(call, consumer_id, {})
    return Answer(after_commit=own.nudge_webhooks, outcome=outcome, audited=done)
