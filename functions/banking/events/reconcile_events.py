"""GET /events/reconcile: the ledger on demand, for the operator."""

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import ReconcileRequest
from chalicelib.banking.events.reconcile_models import Reconciliation
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Access, Answer, Call


@events.route("/events/reconcile", methods=["GET"])
@endpoint(ReconcileRequest, gives=Reconciliation, access=Access.ADMIN, looks_up=True)
def reconcile_events(call: Call[ReconcileRequest]) -> Answer:
    """What was committed against what became of it, per tenant, in one snapshot.

    It reads the whole ledger: call it when you want to know, not from a loop. Answers 503 when that
    takes longer than a request may; `consumer_id` narrows it. With `last` it costs nothing. A count of
    all tenants is the last one from then on.
    """
    from chalicelib.banking.events import reconcile  # here, to spare other cold starts

    if call.body.last and (kept := reconcile.read_last_ledger(call.db)) is not None:
        return Answer(kept)
    settings = parts().settings
    scope = scope_of(call, call.body.consumer_id)
    days, seconds = settings.receipt_retention_days, settings.sweep_seconds
    report = reconcile.read_ledger(call.db, scope, days, seconds)
    if scope is None:
        reconcile.keep_last(call.db, report)
    counted = {"filter": {"consumer_id": scope}, "counts": {"balanced": report["balanced"]}}
    return Answer(report, audited=Audited("counted the ledger", scope, counted))
