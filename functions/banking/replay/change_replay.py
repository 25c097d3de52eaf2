"""POST /replay/change-status: pauses, resumes or cancels a replay, or changes its rate."""

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.replay import jobs
from chalicelib.banking.replay.blueprint import replay
from chalicelib.banking.replay.models import Job, JobChange
from chalicelib.banking.replay.nudges import nudge
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@replay.route("/replay/change-status", methods=["POST"])
@endpoint(
    JobChange, gives=Job, transaction=True, looks_up=True, conflict="The job is done or cancelled"
)
def change_replay(call: Call[JobChange]) -> Answer:
    """Change a job; it holds within a batch of a hundred events. What was sent stays sent.

    `resume` also has a job that waits looked at now.
    """
    job = jobs.change(call.db, call.body, scope_of(call))
    return Answer(job, after_commit=nudge if call.body.action == "resume" else None)
