"""What a command says in the end: a table on the terminal and `.local/chaos.json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.chaos.duplicates import Repeats
from local.chaos.evidence import Evidence
from local.chaos.finding import Finding, Kind
from local.chaos.plan import Plan

MOST_SHOWN = 20


@dataclass(frozen=True)
class Run:
    """One seed's outcome."""

    seed: int
    seconds: float
    settled_within: float
    plan: Plan
    evidence: Evidence
    repeats: Repeats
    findings: Sequence[Finding]
    symptoms: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The run's entry in the report."""
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
            "delivery_failed": sum(e.deliver_status == "failed" for e in evidence.events),
            **{kind.value: found[kind] for kind in Kind},
            "duplicates": self.repeats.duplicates,
            "most_duplicates_of_one_event": self.repeats.most_of_one_event,
            "redelivered_on_purpose": self.repeats.redelivered_on_purpose,
            "repeated_by_broker": self.repeats.repeated_by_broker,
            "findings": [f"{f.kind.value}: {f.tenant}: {f.words}" for f in self.findings],
            "symptoms": list(self.symptoms),
            "plan": self.plan.as_json(),
        }


SUMMED = (
    "faults",
    "answers",
    "answered_2xx",
    "unknown_outcomes",
    "committed",
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
    "out_of_order": "order",
    "applied_twice": "twice",
    "cross_tenant": "crossed",
    "contradictions": "books",
    "unsettled": "waiting",
    "duplicates": "copies",
    "settled_seconds": "rest, s",
}
"""What the table shows of a run, and how its columns are headed."""


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """The whole report."""
    entries = [run.as_json() for run in runs]
    totals = {name: sum(entry[name] for entry in entries) for name in SUMMED}
    return {
        "runs": len(runs),
        "seed": [run.seed for run in runs],
        **totals,
        "details": entries,
    }


def write(path: Path, report: dict[str, Any]) -> None:
    """Write the report as JSON."""
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def show(console: Console, report: dict[str, Any]) -> None:
    """Print one row per run, their sum, and every finding."""
    table = Table(title="What the ledger says")
    for heading in SHOWN.values():
        table.add_column(heading, justify="right")
    for entry in report["details"]:
        table.add_row(*(str(entry[name]) for name in SHOWN))
    console.print(table)
    findings = [
        (entry["seed"], words) for entry in report["details"] for words in entry["findings"]
    ]
    for seed, words in findings[:MOST_SHOWN]:
        console.print(f"seed {seed}: {words}", style="red", markup=False, soft_wrap=True)
    if len(findings) > MOST_SHOWN:
        console.print(f"… and {len(findings) - MOST_SHOWN} more in the report", style="red")
