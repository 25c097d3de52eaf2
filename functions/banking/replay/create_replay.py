"""POST /replay/data: makes a job that sends chosen events again, or counts what it would send."""

from functools import partial

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.replay import jobs
from chalicelib.banking.replay.blueprint import replay
from chalicelib.banking.replay.models import Replay, ReplayMade
from chalicelib.banking.replay.nudges import nudge
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import require_reason
from fintegrate.errors import Invalid
from fintegrate.http.endpoint import Answer, Call


@replay.route("/replay/data", methods=["POST"])
@endpoint(
    Replay,
    gives=ReplayMade,
    status=201,
    transaction=True,
    looks_up=True,
    conflict="The filter has a job, ten jobs wait, or far more events match than expected",
)
def create_replay(call: Call[Replay]) -> Answer:
    """Make a replay of what is committed now; `dry_run` counts it instead, and is answered 201, too.

    Each customer's events go in order. Failed events that a later one of their customer follows are
    late: they are left out without `include_late`.
    """
    body = call.body
    consumer_id = scope_of(call, body.consumer_id)
    if consumer_id is None:
        raise Invalid("consumer_id: is required")
    require_reason(call)
    if body.dry_run:
        return Answer(jobs.count(call.db, body, consumer_id))
    own, who = parts(), (call.caller.actor, call.request.id)
    job = jobs.make(call.db, body, consumer_id, who, own.settings.publish_handoff_seconds)
    nudged = partial(nudge, own.publisher, own.settings)
    return Answer(job, audited=jobs.told(job, body.reason, "made"), after_commit=nudged)
