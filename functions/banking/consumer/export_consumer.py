"""POST /consumer/export: begins to write all that a bank has into files."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.leaving import exports
from chalicelib.banking.leaving.models import Export, ExportWanted
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import require_reason
from fintegrate.errors import Invalid
from fintegrate.http.endpoint import Answer, Call


@consumer.route("/consumer/export", methods=["POST"])
@endpoint(
    ExportWanted,
    gives=Export,
    status=201,
    transaction=True,
    looks_up=True,
    conflict="An export of this consumer is not done, or there is no object store",
)
def export_consumer(call: Call[ExportWanted]) -> Answer:
    """Begin an export of all that is there now; a job writes it within the next minutes."""
    consumer_id = scope_of(call, call.body.consumer_id)
    if consumer_id is None:
        raise Invalid("consumer_id: is required")
    require_reason(call)
    store, who = parts().object_store.require(), (call.caller.actor, call.request.id)
    job = exports.make(call.db, call.body, consumer_id, who, store)
    return Answer(job, audited=exports.told(job, call.body.reason))
