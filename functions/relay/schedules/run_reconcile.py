"""Every hour: reads the ledger, for GET /metrics and CloudWatch."""

from __future__ import annotations

import logging
from typing import Any

from chalice import Rate

from chalicelib.relay.configuration import CLOUDWATCH_NAMESPACE
from chalicelib.relay.schedules.blueprint import schedules
from chalicelib.relay.wiring import parts, scheduled
from fintegrate.embedded_metrics import publish

log = logging.getLogger(__name__)
UNBALANCED = "Unbalanced"
RECONCILED = "ReconciledEvents"


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="relay_reconcile")
@scheduled
def relay_reconcile(_event: Any) -> dict[str, Any]:
    """Runs the same code as GET /admin/v1/reconcile, with a longer time limit."""
    from chalicelib.relay.ledger.reconcile import keep_last, read_ledger

    database, settings = parts().request.database, parts().settings
    report = read_ledger(
        database,
        days=settings.relay_reconcile_days,
        attempt_days=settings.relay_attempt_days,
        seconds=settings.relay_reconcile_seconds,
    )
    keep_last(database, report)
    if not report["balanced"]:
        log.error("the ledger is not balanced: %s", report["discrepancies"])
    publish(
        CLOUDWATCH_NAMESPACE,
        {"Stage": settings.stage},
        {UNBALANCED: int(not report["balanced"]), RECONCILED: report["total"]["accepted"]},
    )
    return {"balanced": report["balanced"], **report["total"], **report["discrepancies"]}
