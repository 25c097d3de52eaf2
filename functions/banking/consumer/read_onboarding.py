"""GET /consumer/onboard: where an onboarding stands."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.onboarding_models import OnboardingData, OnboardingQuestion
from chalicelib.banking.onboarding.onboarding import find, read, told
from chalicelib.banking.wiring import endpoint
from fintegrate.errors import Invalid
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/onboard", methods=["GET"])
@endpoint(OnboardingQuestion, gives=OnboardingData, access=Access.ADMIN, looks_up=True)
def read_onboarding(call: Call[OnboardingQuestion]) -> Answer:
    """Read the onboarding of a consumer, or the newest one of a name; never a secret."""
    body = call.body
    if (body.consumer_id is None) == (body.consumer_name is None):
        raise Invalid("Send consumer_id or consumer_name")
    if body.consumer_id is not None:
        return Answer(told(read(call.db, str(body.consumer_id))))
    return Answer(told(find(call.db, str(body.consumer_name))))
