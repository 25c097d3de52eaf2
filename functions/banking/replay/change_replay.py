"""POST /replay/change-status: pauses, resumes or cancels a replay, or changes its rate."""

from functools import partial

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.replay import jobs
from chalicelib.banking.replay.blueprint import replay
from chalicelib.banking.replay.models import Job, JobChange
from chalicelib.banking.replay.nudges import nudge
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@replay.route("/replay/change-status", methods=["POST"])
@endpoint(
    JobChange, gives=Job, transaction=True, looks_up=True, conflict="The job is done or cancelled"
)
def change_replay(call: Call[JobChange]) -> Answer:
    """Change a job; it holds within a batch of a hundred events. What was sent stays sent.

    `resume` also has a job that waits looked at now. With `per_second` the rate changes, too.
    """
    body = call.body
    job = jobs.change(call.db, body, scope_of(call))
    audited = jobs.told(job, body.reason, body.action)
    nudged = partial(nudge, parts().publisher, parts().settings)
    return Answer(job, audited=audited, after_commit=nudged if body.action == "resume" else None)
