"""POST /consumer/onboard: makes a bank with all that it needs. Only this answer shows its secrets."""

from functools import partial

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.onboarding_models import NewOnboarding, Onboarded
from chalicelib.banking.onboarding.onboarding import audited, begin
from chalicelib.banking.webhooks.choosing import check_address
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/onboard", methods=["POST"])
@endpoint(
    NewOnboarding,
    gives=Onboarded,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    schemes=("ApiKey",),
    conflict="The name is taken, other fields were asked for, or it failed and is undone",
    later="Not all is made yet, and the work goes on. The same request again answers the secrets",
)
def onboard_consumer(call: Call[NewOnboarding]) -> Answer:
    """Onboard a bank: consumer, queues, key, and its user of the broker or its webhook.

    What is begun is resumed or undone.
    """
    body, request, own = call.body, call.request, parts()
    if body.url is not None:
        check_address(body.url, own.settings)
    wanted = body.model_dump(mode="json", exclude={"consumer_name"}, exclude_none=True)
    who = (call.caller.actor, request.id)
    row = begin(call.db, body.consumer_name, wanted, who, own.settings.max_consumers)
    told_by = {
        "source_service": f"{request.method}: {request.path}",
        "traceparent": request.traceparent,
        "key_id": call.caller.key_id,
        "request_id": request.id,
    }
    outcome = partial(own.onboarding.bring_on, row["consumer_id"], told_by)
    return Answer(outcome=outcome, audited=audited(row))
