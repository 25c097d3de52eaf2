"""GET /customer/export: everything about one customer, as one document."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.customers import own
from chalicelib.banking.leaving.customer_export import export
from chalicelib.banking.leaving.models import CustomerExport, CustomerExportRef
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/export", methods=["GET"])
@endpoint(
    CustomerExportRef,
    gives=CustomerExport,
    looks_up=True,
    conflict="There is more than fits into an answer",
)
def export_customer(call: Call[CustomerExportRef]) -> Answer:
    """Everything about a customer of one moment: itself, tags, snapshots, events and receipts.

    Also of a deleted customer: its snapshots and events stay. Archived events are read from their files.
    """
    own_parts, wanted = parts(), own(call, call.body.customer_id)
    most_bytes = own_parts.settings.max_answer_bytes
    return Answer(export(call.db, wanted, most_bytes, own_parts.object_store.require))
