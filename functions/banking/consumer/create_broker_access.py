"""POST /consumer/broker-access: makes the user with which a bank reads its queue.

Only this answer shows the password.
"""

from functools import partial

from chalicelib.banking.broker.access import make_access
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import BrokerAccessMade, NewBrokerAccess
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/broker-access", methods=["POST"])
@endpoint(
    NewBrokerAccess,
    gives=BrokerAccessMade,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    schemes=("ApiKey",),
    looks_up=True,
    conflict="The consumer has access and `rotate` is false, its onboarding is not finished, or it is "
    "deactivated",
)
def create_broker_access(call: Call[NewBrokerAccess]) -> Answer:
    """Make the user; with `rotate` the old password stops and its connections are closed."""
    require_reason(call)
    consumer_id, url = str(call.body.consumer_id), parts().settings.rabbitmq_url
    made = make_access(call.db, consumer_id, url, rotate=call.body.rotate)
    settle = partial(parts().broker_access.settle, consumer_id, made)
    return Answer(made, after_commit=settle, audited=audited(call, consumer_id, {}))
