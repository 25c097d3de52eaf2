"""Compares the answer of `GET /events/reconcile` with the rows: both must agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from local.banking.chaos.evidence import Event, Evidence
from local.banking.chaos.kind import Kind
from local.chaos.finding import Finding


def reconciliation_agrees(evidence: Evidence) -> Iterator[Finding]:
    """The answer is balanced, and each tenant's sums equal those of the rows. Skipped if not asked."""
    told = evidence.reconciliation
    if told is None:
        return
    if not told["balanced"]:
        yield Finding(Kind.CONTRADICTION, "", f"reconcile is not balanced: {told['total']}")
    tenants = {each["consumer_name"]: each for each in told["tenants"]}
    for tenant in evidence.tenants:
        expected = _sums([event for event in evidence.events if event.tenant == tenant])
        said = {name: tenants[tenant][name] for name in expected} if tenant in tenants else None
        if said != expected:
            words = f"reconcile says {said}, the rows say {expected}"
            yield Finding(Kind.CONTRADICTION, tenant, words)


def _sums(events: list[Event]) -> dict[str, int]:
    publish = Counter(event.publish_status for event in events)
    delivered = sum(event.deliver_status == "delivered" for event in events)
    return {
        "committed": len(events),
        "published": publish["published"],
        "pending": publish["pending"],
        "failed": publish["failed"],
        "delivered": delivered,
    }
