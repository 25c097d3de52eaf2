"""GET /consumer/export: how far an export is, and links to its files."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.leaving import exports
from chalicelib.banking.leaving.models import Export, ExportRef
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.errors import Invalid
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Answer, Call

READ = "got links to the files of export {export_id}"


@consumer.route("/consumer/export", methods=["GET"])
@endpoint(ExportRef, gives=Export, looks_up=True, conflict="There is no object store")
def read_export(call: Call[ExportRef]) -> Answer:
    """The newest export of the caller's bank, or the one that is named.

    The links need no key: whoever has one can read the file until it ends. The admin names a bank or an
    export; the admin's look is in the audit log.
    """
    scope = scope_of(call, call.body.consumer_id)
    if scope is None and call.body.export_id is None:
        raise Invalid("consumer_id: or export_id is required")
    store = parts().object_store.require()
    job = exports.read(call.db, call.body, scope, store)
    audited = None
    if call.caller.is_admin:
        audited = Audited(READ.format(export_id=job["export_id"]), job["consumer_id"])
    return Answer(job, audited=audited)
