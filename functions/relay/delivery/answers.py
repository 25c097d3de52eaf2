"""Answers by their class, for what no rule of a platform names, and what all answers share."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib.relay.delivery.shapes import Answer, Kind, Verdict
from chalicelib.relay.values.json_text import loads
from fintegrate.answer_class import CONFIGURATION_REASONS, Meaning, meant_by
from fintegrate.text import cut

MOST_WORDS = 500
LONGEST_WAIT = 24 * 60 * 60
REASONS = CONFIGURATION_REASONS
_OF_THE_EVENT = {400, 422}


def by_class(answer: Answer, count: int, now: datetime, *, unclassified: bool = False) -> Verdict:
    """What a status means on its own. A status that no class names is also `unclassified`."""
    status, code = answer.status, str(answer.status)
    meant = meant_by(status)
    unclassified = unclassified or not meant.is_named
    if meant.meaning is Meaning.TAKEN:
        return Verdict(Kind.DELIVERED, code, unclassified=unclassified)
    words = plain_words(answer)
    if meant.meaning is Meaning.CONFIGURATION:
        verdict = Verdict(Kind.CONFIGURATION_REFUSED, code, words, meant.reason)
    elif meant.meaning is Meaning.OVERLOAD:
        verdict = overload(answer, now, code, words)
    elif meant.meaning is Meaning.REFUSED:
        verdict = refused(count, code, words)
    else:
        wait = retry_after(answer.headers.get("retry-after"), now)
        verdict = outage(code, words)._replace(wait=wait)
    return verdict._replace(unclassified=unclassified)


def by_class_of_json(
    answer: Answer, body: dict[str, Any] | None, count: int, now: datetime
) -> Verdict:
    """As `by_class`, of a platform that answers in JSON: a page instead speaks of no event."""
    if body is None and answer.status in _OF_THE_EVENT:
        return outage(str(answer.status), plain_words(answer) or "no JSON in the answer")
    return by_class(answer, count, now)


def refused(count: int, code: str | None, words: str) -> Verdict:
    """One of these events is at fault: the only one, or one that halving finds."""
    return Verdict(Kind.EVENT_REFUSED if count == 1 else Kind.HALVE, code, said(words))


def blocked(reason: str, code: str | None, words: str) -> Verdict:
    """Nothing of the lane can go until its configuration is mended."""
    return Verdict(Kind.CONFIGURATION_REFUSED, code, said(words), reason)


def overload(answer: Answer, now: datetime, code: str | None, words: str) -> Verdict:
    """The platform wants fewer requests; the wait is that of `Retry-After`, if there is one."""
    wait = retry_after(answer.headers.get("retry-after"), now)
    return Verdict(Kind.OVERLOAD, code, said(words), wait=wait)


def outage(code: str | None, words: str) -> Verdict:
    """The platform is not well, or what answered is not the platform."""
    return Verdict(Kind.OUTAGE, code, said(words))


def retry_after(value: str | None, now: datetime) -> int | None:
    """The seconds of a `Retry-After` (RFC 9110, section 10.2.3), or None for the ordinary wait.

    Seconds or one of the three HTTP dates. Anything else, zero and the past are as if it were absent.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        wait = int(text[:10]) if len(text) <= 10 else LONGEST_WAIT
    else:
        wait = _until(text, now)
    return min(wait, LONGEST_WAIT) if wait > 0 else None


def _until(text: str, now: datetime) -> int:
    if not 10 < len(text) < 64:
        return 0
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return math.ceil((moment - now).total_seconds())


def json_of(answer: Answer) -> dict[str, Any] | None:
    """The answer's JSON object, or None for anything else: HTML, garbage, nothing."""
    try:
        read = loads(answer.body)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def field_of(value: object, *path: str) -> Any:
    """What stands at this path of a JSON object, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def plain_words(answer: Answer) -> str:
    """The beginning of the body as text."""
    return said(answer.body[: MOST_WORDS * 4].decode("utf-8", "replace"))


def said(words: object) -> str:
    """What a platform said, as one line of at most 500 characters. PostgreSQL takes no NUL."""
    if words is None:
        return ""
    line = " ".join(str(words).replace("\x00", " ").split())
    return cut(line.encode("utf-8", "replace").decode(), MOST_WORDS)
