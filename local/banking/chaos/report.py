"""Reports at the end of a command: a table on the terminal and `.local/chaos.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.banking.chaos.duplicates import Repeats
from local.banking.chaos.evidence import Evidence
from local.banking.chaos.kind import Kind
from local.banking.chaos.plan import Plan
from local.banking.chaos.rules.answers import lost_to_restore
from local.banking.chaos.rules.restores import fates
from local.chaos.finding import Finding


@dataclass(frozen=True)
class Run:
    """The outcome of one seed."""

    seed: int
    seconds: float
    settled_within: float
    plan: Plan
    evidence: Evidence
    repeats: Repeats
    findings: Sequence[Finding]
    symptoms: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        evidence, found = self.evidence, Counter(finding.kind for finding in self.findings)
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "settled_seconds": round(self.settled_within, 1),
            "faults": len(evidence.disturbances),
            "fault_counts": dict(Counter(each.fault for each in evidence.disturbances)),
            "answers": len(evidence.answers),
            "answered_2xx": sum(answer.succeeded for answer in evidence.answers),
            "unknown_outcomes": sum(answer.status is None for answer in evidence.answers),
            "committed": len(evidence.events),
            "events_after_recovery_point": len(evidence.lost),
            "answers_after_recovery_point": sum(
                lost_to_restore(evidence, answer) for answer in evidence.answers
            ),
            "restore": restore_as_json(evidence),
            "calls": dict(Counter(call.moment.value for call in evidence.calls)),
            "delivery_failed": sum(e.deliver_status == "failed" for e in evidence.events),
            **{kind.value: found[kind] for kind in Kind},
            "duplicates": self.repeats.duplicates,
            "most_duplicates_of_one_event": self.repeats.most_of_one_event,
            "redelivered_on_purpose": self.repeats.redelivered_on_purpose,
            "repeated_by_broker": self.repeats.repeated_by_broker,
            "findings": [f"{f.kind.value}: {f.about}: {f.words}" for f in self.findings],
            "symptoms": list(self.symptoms),
            "plan": self.plan.as_json(),
        }


def restore_as_json(evidence: Evidence) -> dict[str, Any] | None:
    """What was lost with a restore, and what became of it."""
    restore = evidence.restore
    if restore is None:
        return None
    return {
        "seconds": round(restore.calls_resumed - restore.backup_began, 1),
        "epoch": evidence.epoch,
        "lost_events": dict(Counter(fate.value for _, fate in fates(evidence))),
        "lost_tags": len(restore.lost_tags),
        "listed_as_lost": len(evidence.listed_as_lost),
        "keys_ended": restore.found.get("keys_ended"),
        "noticed": restore.noticed,
    }


SUMMED = (
    "faults",
    "answers",
    "answered_2xx",
    "unknown_outcomes",
    "committed",
    "events_after_recovery_point",
    "answers_after_recovery_point",
    "delivery_failed",
    *(kind.value for kind in Kind),
    "duplicates",
    "redelivered_on_purpose",
    "repeated_by_broker",
)
SHOWN = {
    "seed": "seed",
    "faults": "faults",
    "committed": "events",
    "lost": "lost",
    "out_of_order": "out of order",
    "applied_twice": "done twice",
    "cross_tenant": "wrong tenant",
    "contradictions": "books differ",
    "unsettled": "still open",
    "duplicates": "extra copies",
    "settled_seconds": "to rest, s",
}
"""The columns of the table and their headings, which fit into 80 characters."""
