"""Conditions: what makes a system ask for somebody, the type of a row and what is made of it.

A system has one table of them. From it come its attention list, the rules of Prometheus and the
thresholds of CloudWatch. A figure that is not known (None) meets no condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

Side = Literal["ours", "broker", "bank"]
Level = Literal["warn", "bad"]
Severity = Literal["page", "ticket"]


class Condition(NamedTuple):
    """A row of the table.

    Sentences are templates: `{name}` (whose), `{count}` (with commas), `{age}` (in words) and
    `{threshold}`.
    """

    name: str
    alert: str
    """The alert of Prometheus."""
    figure: str
    """What is compared, and a stream's figure of this name where there is one."""
    threshold: float
    severity: Severity
    side: Side
    title: str
    sentence: str
    healing: str
    """How it heals by itself, or why it does not."""
    owners: str = ""
    """What the stream's owner can do about it, said to him where the side is his."""
    ageless: str = ""
    """The sentence where nobody knows the age."""
    heals: bool = False
    below: bool = False
    """Whether it is met below the threshold, not above."""
    lasts: str = ""
    """For how long it must hold before the alert fires: `3m`, or nothing."""
    act: str | None = None
    """What a person does about it: the words of the button."""
    view: str = ""
    """The console's address after `#`; `{consumer_id}` and `{stream}` are the stream's id."""
    runbook: str = ""
    alarm: str | None = None
    """The alarm of CloudWatch whose threshold is the same."""
    shown: bool = True
    """Whether the attention list can tell. What only Prometheus measures is left out there."""

    @property
    def level(self) -> Level:
        """How it is shown: what wakes somebody up is bad."""
        return "bad" if self.severity == "page" else "warn"

    def is_met(self, value: float | None) -> bool:
        """Whether a figure is above the threshold (or below it); unknown is not."""
        if value is None:
            return False
        return value < self.threshold if self.below else value > self.threshold

    def words(self, template: str, facts: Mapping[str, str]) -> str:
        """A template with its facts, and the threshold."""
        return template.format_map({"threshold": f"{self.threshold:,.0f}", **facts})


def by_name(rows: Iterable[Condition]) -> dict[str, Condition]:
    """The table by name.

    Raises:
        ValueError: two rows have one name.
    """
    found: dict[str, Condition] = {}
    for row in rows:
        if row.name in found:
            raise ValueError(f"two conditions are called {row.name}")
        found[row.name] = row
    return found


_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def seconds_of(duration: str) -> int:
    """The seconds of a duration such as `10m`; 0 for nothing."""
    return int(duration[:-1]) * _SECONDS[duration[-1]] if duration else 0


def in_words(seconds: float | None) -> str:
    """An age in its largest whole unit: `4 minutes`."""
    if seconds is None:
        return "unknown"
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    number = max(int(seconds // size), 0)
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 event`, `1,204 events`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
