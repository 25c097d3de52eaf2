"""Reports of the relay's runs: a table on the terminal and `.local/chaos-relay.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.chaos.finding import Finding
from local.chaos.plan import Plan
from local.relay.chaos import ledger
from local.relay.chaos.evidence import Evidence
from local.relay.chaos.ledger import Kind

STATES = ("delivered", "skipped", "failed", "expired", "pending")


@dataclass(frozen=True)
class Run:
    """The outcome of one seed."""

    seed: int
    seconds: float
    settled_within: float
    plan: Plan
    evidence: Evidence
    findings: Sequence[Finding]

    def as_json(self) -> dict[str, Any]:
        evidence, found = self.evidence, Counter(finding.kind for finding in self.findings)
        states = Counter(each.status for each in evidence.deliveries)
        copies = ledger.copies(evidence)
        noted = Counter[str]()
        for each in evidence.deliveries:
            noted.update(each.attempts)
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "settled_seconds": round(self.settled_within, 1),
            "faults": len(evidence.disturbances),
            "fault_counts": dict(Counter(each.fault for each in evidence.disturbances)),
            "sent": len(evidence.told),
            "unknown_outcomes": sum(told.status is None for told in evidence.told),
            "events": len(evidence.accepted),
            "events_by_rows": sum(event.source != "api" for event in evidence.accepted),
            "duplicates": sum(event.status == "duplicate" for event in evidence.events),
            "deliveries": len(evidence.deliveries),
            **{state: states[state] for state in STATES},
            "maybe_delivered": sum(each.maybe_delivered for each in evidence.deliveries),
            "attempts": dict(noted),
            **{kind.value: found[kind] for kind in Kind},
            "copies": copies.total(),
            "most_copies_of_one_event": max(copies.values(), default=0),
            "findings": [f"{f.kind.value}: {f.about}: {f.words}" for f in self.findings],
            "reasons": dict(_reasons(evidence)),
            "plan": self.plan.as_json(),
        }


def _reasons(evidence: Evidence) -> Counter[str]:
    """Why deliveries ended without having arrived."""
    return Counter(
        f"{each.status}: {each.reason}"
        for each in evidence.deliveries
        if each.status != "delivered"
    )


SUMMED = (
    *("faults", "sent", "unknown_outcomes", "events", "events_by_rows", "duplicates", "deliveries"),
    *STATES,
    "maybe_delivered",
    *(kind.value for kind in Kind),
    "copies",
)
SHOWN = {
    "seed": "seed",
    "faults": "faults",
    "events": "events",
    "delivered": "sent",
    "failed": "failed",
    "lost": "lost",
    "doubled": "done twice",
    "crossed": "wrong place",
    "contradictions": "books differ",
    "unsettled": "still open",
    "copies": "extra copies",
}
"""The columns of the table and their headings, which fit into 80 characters."""
