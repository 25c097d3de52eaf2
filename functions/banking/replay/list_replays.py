"""GET /replay/list: the replays of a bank, newest first."""

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.replay import jobs
from chalicelib.banking.replay.blueprint import replay
from chalicelib.banking.replay.models import JobList, JobListing
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@replay.route("/replay/list", methods=["GET"])
@endpoint(JobListing, gives=JobList, looks_up=True)
def list_replays(call: Call[JobListing]) -> Answer:
    """List the jobs of the caller's bank; the admin's list has all banks' jobs."""
    body = call.body
    return Answer(jobs.list_jobs(call.db, body, scope_of(call, body.consumer_id)))
