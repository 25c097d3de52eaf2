"""What needs attention: the conditions that are met, in sentences, the worst first.

Leaves to a system which figures it has. Where many streams meet one condition they are one entry, and so
are many schedules or servers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fintegrate.console.conditions import Condition, Side, counted, in_words

_APART = 3
"""So many findings of one condition have entries of their own; so many names stand in one title."""
_TOLD = "the operator is told of it"
_RANKS = {"bad": 0, "warn": 1, "ok": 2}


class Finding(NamedTuple):
    """A condition that is met."""

    condition: Condition
    stream: str | None
    """The id of the stream, None if it is of the whole system."""
    name: str
    number: int | None = None
    """How many the sentence speaks of."""
    age: float | None = None
    """Seconds that the sentence speaks of."""
    since: datetime | None = None
    caught_up: float | None = None
    """Seconds until it is over at the present pace."""


def attention(
    findings: Iterable[Finding], streams: str, owner: Side | None = None
) -> list[dict[str, Any]]:
    """The entries, the worst first.

    Args:
        streams: the word for several, such as `banks`
        owner: the reader's side, if he owns the stream: what is on it is his to do, all else is not
    """
    by_condition: dict[str, list[Finding]] = {}
    for finding in findings:
        by_condition.setdefault(finding.condition.name, []).append(finding)
    entries = [
        _entry(finding, owner)
        for found in by_condition.values()
        for finding in (found if len(found) <= _APART else [_together(found, streams)])
    ]
    return sorted(entries, key=lambda entry: (_RANKS[entry["level"]], entry["since"] is None))


def by_stream(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries of a system whose streams are nobody's: `stream` and its name, and no consumer."""
    return [
        {
            **{name: value for name, value in entry.items() if not name.startswith("consumer_")},
            "stream": entry["consumer_id"],
            "stream_name": entry["consumer_name"],
        }
        for entry in entries
    ]


def worst(findings: Sequence[Finding]) -> Finding | None:
    """The finding that says most about its stream: the first of the worst level."""
    return min(findings, key=lambda each: _RANKS[each.condition.level], default=None)


def rank(level: str) -> int:
    """Where a level comes in a list that begins with the worst."""
    return _RANKS[level]


def in_short(finding: Finding) -> str:
    """The condition without the stream's name, for a row that has it."""
    words = finding.condition.words(finding.condition.title, _facts(finding, name=""))
    text = words.strip(" :")
    return text[:1].upper() + text[1:]


def verdict(
    entries: Sequence[dict[str, Any]], *, is_sure: bool, is_lost: bool, fine: str
) -> dict[str, Any]:
    """One sentence for everything.

    Args:
        is_sure: whether the ledger was counted lately, and balanced
        is_lost: whether the ledger does not balance
        fine: what to say if nothing needs attention
    """
    level = min((entry["level"] for entry in entries), key=rank, default="ok")
    if not entries:
        return {"level": level, "sentence": fine, "count": 0}
    needed = sum(not entry["heals"] for entry in entries)
    healing = len(entries) - needed
    said = [counted(needed, "thing needs you", "things need you")] if needed else []
    if healing:
        said.append(counted(healing, "heals by itself", "heal by themselves"))
    lost = "The ledger does not balance." if is_lost else "Nothing is lost." if is_sure else ""
    sentence = f"{lost} {', '.join(said)}.".strip()
    return {"level": level, "sentence": sentence, "count": len(entries)}


def _entry(finding: Finding, owner: Side | None) -> dict[str, Any]:
    condition, facts = finding.condition, _facts(finding, finding.name)
    heals, healing = _healing(condition, owner)
    view = condition.words(condition.view, facts)
    if not finding.stream:
        for field in ("consumer_id", "stream"):
            view = view.replace(f"{field}=&", "").removesuffix(f"?{field}=")
    return {
        "condition": condition.name,
        "level": condition.level,
        "title": condition.words(condition.title, facts),
        "sentence": condition.words(_sentence(finding), facts),
        "consumer_id": finding.stream,
        "consumer_name": finding.name if finding.stream else None,
        "since": finding.since,
        "side": condition.side,
        "heals": heals,
        "healing": healing,
        "caught_up_in_seconds": None if finding.caught_up is None else round(finding.caught_up),
        "count": finding.number,
        "view": view,
        "act": condition.act,
        "runbook": condition.runbook,
    }


def _healing(condition: Condition, owner: Side | None) -> tuple[bool, str]:
    """Whether the reader need not act, and the words for it."""
    if owner is None:
        return condition.heals, condition.healing
    if condition.side == owner:
        return False, condition.owners or condition.healing
    return True, condition.healing if condition.heals else _TOLD


def _sentence(finding: Finding) -> str:
    condition = finding.condition
    return (
        condition.sentence if finding.age is not None else condition.ageless or condition.sentence
    )


def _facts(finding: Finding, name: str) -> dict[str, str]:
    count = "unknown" if finding.number is None else f"{finding.number:,}"
    age, stream = in_words(finding.age), finding.stream or ""
    return {"name": name, "count": count, "age": age, "consumer_id": stream, "stream": stream}


def _together(found: Sequence[Finding], streams: str) -> Finding:
    ages = [each.age for each in found if each.age is not None]
    pick = min if found[0].condition.below else max
    return Finding(
        found[0].condition,
        None,
        f"{len(found):,} {streams}" if found[0].stream else _names(found),
        sum(each.number or 0 for each in found),
        pick(ages, default=None),
        min((each.since for each in found if each.since), default=None),
        max((each.caught_up for each in found if each.caught_up is not None), default=None),
    )


def _names(found: Sequence[Finding]) -> str:
    """Of what is no stream the first names: a person looks for them."""
    first = ", ".join(each.name for each in found[:_APART])
    return f"{first} and {len(found) - _APART:,} more"
