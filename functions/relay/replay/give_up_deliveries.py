"""POST /admin/v1/give-up: ends deliveries that nobody wants any more."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.replay.models import GivenUp, GiveUp
from chalicelib.relay.replay.replay import give_up
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/give-up", methods=["POST"])
@endpoint(GiveUp, gives=GivenUp, access=Access.ADMIN, transaction=True)
def give_up_deliveries(call: Call[GiveUp]) -> Answer:
    """Give deliveries up, at most 10,000 a call; a dry run unless `dry_run` is false.

    They become `skipped` with the reason `given_up`. What is being sent at this moment is left alone:
    call again.
    """
    return Answer(give_up(call.db, call.body, parts().settings.relay_sweep_seconds))
