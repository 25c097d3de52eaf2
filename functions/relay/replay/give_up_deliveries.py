"""POST /admin/v1/give-up: ends deliveries that nobody wants any more."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.replay.models import GivenUp, GiveUp
from chalicelib.relay.replay.replay import counts_of, give_up
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/give-up", methods=["POST"])
@endpoint(
    GiveUp,
    gives=GivenUp,
    access=Access.ADMIN,
    transaction=True,
    conflict="Far more would be hit than expected",
)
def give_up_deliveries(call: Call[GiveUp]) -> Answer:
    """Give deliveries up, at most 10,000 a call; a dry run unless `dry_run` is false.

    They become `skipped` with the reason `given_up`. What is being sent at this moment is left alone:
    call again.
    """
    require_reason(call)
    told = give_up(call.db, call.body, parts().settings.relay_sweep_seconds)
    return Answer(told, audited=audited(call, None, counts_of(told)))
