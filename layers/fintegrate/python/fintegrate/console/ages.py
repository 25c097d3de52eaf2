"""How old a moment is, and how an answer says it."""

from __future__ import annotations

from datetime import datetime


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    """The age of a moment in seconds, never below 0; None if there is none."""
    return None if moment is None else max((now - moment).total_seconds(), 0.0)


def whole(seconds: float | None) -> int | None:
    """Whole seconds, as answers have them: a version changes only when they do."""
    return None if seconds is None else int(seconds)
