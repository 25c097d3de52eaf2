"""GET /consumer/onboardings: the onboardings, newest first."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.onboarding_models import OnboardingListing, OnboardingPage
from chalicelib.banking.onboarding.onboarding import list_page
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/onboardings", methods=["GET"])
@endpoint(OnboardingListing, gives=OnboardingPage, access=Access.ADMIN)
def list_onboardings(call: Call[OnboardingListing]) -> Answer:
    """List the onboardings."""
    body = call.body
    return Answer(list_page(call.db, body.state, body.cursor, body.limit))
