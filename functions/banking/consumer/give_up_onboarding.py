"""DELETE /consumer/onboard: gives an onboarding up that is not finished."""

from functools import partial

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.onboarding_models import OnboardingData, OnboardingToGiveUp
from chalicelib.banking.onboarding.onboarding import audited, give_up
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/onboard", methods=["DELETE"])
@endpoint(
    OnboardingToGiveUp,
    gives=OnboardingData,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="It is done or undone, is being undone, or is being worked on just now",
    later="Something of it is left, and undoing goes on",
)
def give_up_onboarding(call: Call[OnboardingToGiveUp]) -> Answer:
    """Undo what an onboarding has made, in reverse. Its name is free again afterwards."""
    require_reason(call)
    row = give_up(call.db, str(call.body.consumer_id), call.body.reason)
    outcome = partial(parts().onboarding.undo, row["consumer_id"])
    return Answer(outcome=outcome, audited=audited(row, call.body.reason))
