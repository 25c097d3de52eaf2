"""POST /admin/v1/erase: erases what is kept of a person."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.privacy.erase import erase
from chalicelib.relay.privacy.models import Erased, Person
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/erase", methods=["POST"])
@endpoint(Person, gives=Erased, access=Access.ADMIN, transaction=True)
def erase_person(call: Call[Person]) -> Answer:
    """Empty the match keys and client ids of a person's events everywhere, and skip what is pending.

    The events stay, without the person. Rows that the intake has not taken become `rejected`. What a
    platform already has is not reached: ask the platform. Safe to repeat.
    """
    ((field, value),) = call.body.named.items()
    return Answer(erase(call.db, field, value, parts().settings.relay_sweep_seconds))
