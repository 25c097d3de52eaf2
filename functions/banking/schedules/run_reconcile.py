"""Every hour: reads the ledger of all tenants, for GET /metrics and CloudWatch.

It does not run more often, because it reads the whole ledger and keeps one snapshot open meanwhile.
"""

from __future__ import annotations

import logging
from typing import Any

from chalice import Rate

from chalicelib.banking.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.banking.schedules.blueprint import schedules
from chalicelib.banking.wiring import parts, scheduled
from fintegrate.database import Row
from fintegrate.embedded_metrics import publish

log = logging.getLogger(__name__)
DISCREPANCIES = "ReconcileDiscrepancies"
COMMITTED = "ReconciledEvents"


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="reconcile")
@scheduled
def reconcile(_event: Any) -> dict[str, Any]:
    """Runs the same code as GET /events/reconcile, with a longer time limit."""
    from chalicelib.banking.events.ledger import KINDS
    from chalicelib.banking.events.reconcile import keep_last, read_ledger

    database, settings = parts().request.database, parts().settings
    report = read_ledger(
        database, None, settings.receipt_retention_days, settings.reconcile_seconds
    )
    keep_last(database, report)
    _complain(report)
    total, found = report["total"], _discrepancies(report)
    publish(
        CLOUDWATCH_NAMESPACE,
        {"Stage": settings.stage},
        {DISCREPANCIES: found, COMMITTED: total["committed"]},
    )
    sums = {kind: total[kind] for kind in KINDS}
    return {"balanced": report["balanced"], "discrepancies": found, **sums}


def _discrepancies(report: Row) -> int:
    found: int = sum(report["total"]["discrepancies"].values())
    return found + bool(report["recovery"]["due"])


def _complain(report: Row) -> None:
    if report["recovery"]["due"]:
        log.error("a recovery after a restore is due: %s", report["recovery"]["suspicion"])
    for tenant in report["tenants"]:
        wrong = {name: count for name, count in tenant["discrepancies"].items() if count}
        if wrong:
            name = tenant["consumer_name"] or tenant["consumer_id"]
            log.error("the ledger of %s is not balanced: %s", name, wrong)
