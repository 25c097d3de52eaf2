"""GET /events/reconcile: the ledger on demand, for the operator."""

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import ScopedRequest
from chalicelib.banking.events.reconcile_models import Reconciliation
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Access, Answer, Call


@events.route("/events/reconcile", methods=["GET"])
@endpoint(ScopedRequest, gives=Reconciliation, access=Access.ADMIN, looks_up=True)
def reconcile_events(call: Call[ScopedRequest]) -> Answer:
    """What was committed against what became of it, per tenant, in one snapshot.

    It reads the whole ledger: call it when you want to know, not from a loop. Answers 503 when that
    takes longer than a request may; `consumer_id` narrows it.
    """
    from chalicelib.banking.events.reconcile import read_ledger  # here, to spare other cold starts

    settings = parts().settings
    scope = scope_of(call, call.body.consumer_id)
    report = read_ledger(call.db, scope, settings.receipt_retention_days, settings.sweep_seconds)
    counted = {"filter": {"consumer_id": scope}, "counts": {"balanced": report["balanced"]}}
    return Answer(report, audited=Audited("counted the ledger", scope, counted))
