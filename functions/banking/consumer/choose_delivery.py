"""POST /consumer/delivery: chooses whether a bank reads its queue or is called.

Only this answer shows the secret.
"""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.webhooks.choosing import check_address, choose, told
from chalicelib.banking.webhooks.models import DeliveryChoice, DeliveryChosen
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/delivery", methods=["POST"])
@endpoint(
    DeliveryChoice,
    gives=DeliveryChosen,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    schemes=("ApiKey",),
    looks_up=True,
    conflict="Events wait or are not confirmed, a replay or the onboarding is not done, or the consumer "
    "has left, or is the admin's",
)
def choose_delivery(call: Call[DeliveryChoice]) -> Answer:
    """Choose how a bank gets its events, or change its address and bounds.

    The kind changes only while nothing of the bank waits or is unconfirmed, or with `rewind`, which
    sends that by the new way. The secret is shown once.
    """
    require_reason(call)
    own = parts()
    if call.body.url is not None:
        check_address(call.body.url, own.settings)
    chosen = choose(call.db, call.body, own.webhook_secrets, call.request.id)
    return Answer(chosen, after_commit=own.nudge_webhooks, audited=told(call.body, chosen))
