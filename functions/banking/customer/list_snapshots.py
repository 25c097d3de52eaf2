"""GET /customer/analytics: a customer's snapshots, newest first, each with its changes."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.snapshot_models import SnapshotFilter, SnapshotPage
from chalicelib.banking.customer.snapshots import read_snapshots
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.cursors import page
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/analytics", methods=["GET"])
@endpoint(SnapshotFilter, gives=SnapshotPage, looks_up=True)
def list_snapshots(call: Call[SnapshotFilter]) -> Answer:
    """List the snapshots of a customer, also of one that was deleted, a page at a time."""
    rows = read_snapshots(call)
    most = parts().settings.max_answer_bytes
    snapshots, next_cursor = page(
        rows, call.body.limit, "snapshot_at", "snapshot_id", most_bytes=most
    )
    return Answer({"snapshots": snapshots, "next_cursor": next_cursor})
