"""Reports of app.events' runs: a table on the terminal and `.local/chaos-appevents.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.appevents.chaos import ledger
from local.appevents.chaos.evidence import Evidence
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding
from local.chaos.plan import Plan


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
        ends = Counter(event.outcome_status for event in evidence.events)
        answers = Counter(told.status or "unanswered" for told in evidence.told)
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "settled_seconds": round(self.settled_within, 1),
            "faults": len(evidence.disturbances),
            "fault_counts": dict(Counter(each.fault for each in evidence.disturbances)),
            "sent": len(evidence.told),
            "answers": dict(answers),
            "events": len(evidence.events),
            "by_type": dict(Counter(event.event_type for event in evidence.events)),
            "processed": ends["processed"],
            "rejected": ends["rejected"],
            "reasons": dict(Counter(e.outcome_code for e in evidence.events if e.outcome_code)),
            "by_hand": len(evidence.published),
            "dead_letters": len(evidence.letters),
            "handed_out": len(evidence.handed),
            "videos": dict(Counter(video.status for video in evidence.videos)),
            "copies": ledger.copies(evidence).total(),
            **{kind.value: found[kind] for kind in Kind},
            "findings": [f"{f.kind.value}: {f.about}: {f.words}" for f in self.findings],
            "plan": self.plan.as_json(),
        }


SUMMED = (
    *("faults", "sent", "events", "processed", "rejected", "by_hand", "dead_letters"),
    *("handed_out", "copies"),
    *(kind.value for kind in Kind),
)
SHOWN = {
    "seed": "seed",
    "faults": "faults",
    "events": "events",
    "processed": "done",
    "rejected": "rejected",
    "lost": "lost",
    "doubled": "done twice",
    "disordered": "in disorder",
    "shown": "shown",
    "contradictions": "books differ",
    "unsettled": "still open",
}
"""The columns of the table and their headings."""
