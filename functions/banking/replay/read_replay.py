"""GET /replay/data: how far a replay has come."""

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.replay import jobs
from chalicelib.banking.replay.blueprint import replay
from chalicelib.banking.replay.models import Job, JobRef
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@replay.route("/replay/data", methods=["GET"])
@endpoint(JobRef, gives=Job, looks_up=True)
def read_replay(call: Call[JobRef]) -> Answer:
    """Read a job; `waits_for` says why it sends nothing."""
    return Answer(jobs.read(call.db, str(call.body.job_id), scope_of(call)))
