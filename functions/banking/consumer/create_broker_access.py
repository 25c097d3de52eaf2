"""POST /consumer/broker-access: makes the user with which a bank reads its queue.

Only this answer shows the password.
"""

from functools import partial

from chalicelib.banking.broker.access import make_access
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import BrokerAccessMade, NewBrokerAccess
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/broker-access", methods=["POST"])
@endpoint(
    NewBrokerAccess,
    gives=BrokerAccessMade,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    looks_up=True,
    conflict="The consumer has access and `rotate` is false, or it is deactivated",
)
def create_broker_access(call: Call[NewBrokerAccess]) -> Answer:
    """Make the user; with `rotate` the old password stops and its connections are closed."""
    consumer_id, url = str(call.body.consumer_id), parts().settings.rabbitmq_url
    made = make_access(call.db, consumer_id, url, rotate=call.body.rotate)
    return Answer(made, after_commit=partial(parts().broker_access.settle, consumer_id, made))
