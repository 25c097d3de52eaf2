"""The log of events: a JSON line for each that a queue function was handed, after it was settled or not.

A line says whose event it was and what became of it. It has nothing of what the event says: no data, and
no reason in words, which may repeat a value.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Sequence

from fintegrate.logs import request_id, write_lines
from fintegrate.messaging.copies import attempt_of
from fintegrate.messaging.inbox import Passage, Step

log = logging.getLogger(__name__)
_encoded = json.JSONEncoder(separators=(",", ":")).encode
_REQUEST = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_LEVELS = {
    Step.APPLIED: logging.INFO,
    Step.SEEN: logging.INFO,
    Step.BACK: logging.INFO,
    Step.LATER: logging.WARNING,
    Step.OUTAGE: logging.WARNING,
    Step.DEAD: logging.WARNING,
}
NOT_SETTLED = "not_settled"
"""The broker took no copy, so the event comes back with its batch."""


def tell_of(service: str, passages: Sequence[Passage]) -> None:
    """Write the lines of a batch."""
    lines: dict[int, list[str]] = {}
    now, run = round(time.time(), 3), request_id.get()
    for passage in passages:
        level = _LEVELS[passage.ended.step] if passage.is_settled else logging.ERROR
        if log.isEnabledFor(level):
            lines.setdefault(level, []).append(_line(service, level, now, run, passage))
    for level, own in lines.items():
        write_lines(log, level, own)


def _line(service: str, level: int, now: float, run: str, passage: Passage) -> str:
    message, ended, seconds, is_settled = passage
    delivery = ended.delivery
    code = {"code": ended.code} if ended.code else {}
    return _encoded(
        {
            "level": logging.getLevelName(level),
            "ts": now,
            "service": service,
            "msg": "an event was settled" if is_settled else "an event comes back",
            "event_type": delivery.kind if delivery else None,
            "client_generated_id": delivery.id if delivery else None,
            "user_id": delivery.owner if delivery else None,
            "attempt": attempt_of(message),
            "outcome": ended.step.value if is_settled else NOT_SETTLED,
            **code,
            "duration_ms": round(seconds * 1000, 1),
            "request_id": _request_of(message.headers.get("request_id")) or run,
        }
    )


def _request_of(said: object) -> str | None:
    """The request that told the event. The header may be anybody's."""
    return said if isinstance(said, str) and _REQUEST.fullmatch(said) else None
