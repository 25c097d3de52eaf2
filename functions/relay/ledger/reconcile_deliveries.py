"""GET /admin/v1/reconcile: the ledger on demand."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.ledger.models import LedgerWindow, Reconciliation
from chalicelib.relay.ledger.reconcile import read_ledger
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/reconcile", methods=["GET"])
@endpoint(LedgerWindow, gives=Reconciliation, access=Access.ADMIN)
def reconcile_deliveries(call: Call[LedgerWindow]) -> Answer:
    """What was accepted against what became of it, per destination, in one snapshot.

    It reads all events of some days: call it when you want to know, not from a loop. Answers 503 when
    that takes longer than a request may.
    """
    settings = parts().settings
    days = call.body.days or settings.relay_reconcile_days
    attempt_days, seconds = settings.relay_attempt_days, settings.relay_sweep_seconds
    return Answer(read_ledger(call.db, days=days, attempt_days=attempt_days, seconds=seconds))
