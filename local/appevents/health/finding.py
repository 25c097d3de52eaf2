"""What a check found, as a line of JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
SENTENCE = 200


class Wrong(Exception):
    """A check found that something is not as it should be; with facts, if there are any."""

    def __init__(self, why: str, **facts: Any) -> None:
        super().__init__(why)
        self.facts = facts


@dataclass(frozen=True)
class Check:
    """A name, and what looks: it returns facts, and raises anything if what it looks at is down."""

    name: str
    look: Callable[[], Facts]


@dataclass(frozen=True)
class Finding:
    """The result of a check."""

    check: str
    is_up: bool
    latency_ms: float
    error: str = ""
    facts: Facts = field(default_factory=dict)

    def line(self, now: float) -> str:
        """The line, without addresses: these hold passwords."""
        said = {
            "ts": round(now, 3),
            "check": self.check,
            "status": "up" if self.is_up else "down",
            "latency_ms": self.latency_ms,
            **self.facts,
            **({"error": self.error} if self.error else {}),
        }
        return json.dumps(said, ensure_ascii=False)


def run(check: Check) -> Finding:
    """Look, and tell what was found. The words of an error that is not ours are left out."""
    started = time.perf_counter()
    error, facts = "", {}
    try:
        facts = dict(check.look())
    except Wrong as wrong:
        error, facts = str(wrong), wrong.facts
    except Exception as unexpected:  # of any kind: it does not answer
        error = type(unexpected).__name__
    milliseconds = round((time.perf_counter() - started) * 1000, 2)
    return Finding(check.name, not error, milliseconds, error[:SENTENCE], facts)
