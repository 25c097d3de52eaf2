"""Work one after the other, each with its share of the time: who is away stops no other one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from fintegrate.errors import Unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")


class Incomplete(Exception):
    """What some of them need is away; the work for the others was done."""


def in_turn(work: Mapping[str, Callable[[float], T]], seconds: float) -> list[T]:
    """What each piece of work returned. Each takes the seconds that it may use, and has a name.

    Raises:
        Incomplete: at the end, if what one of them needs was away.
    """
    deadline, done, away = time.monotonic() + seconds, [], []
    for index, (name, piece) in enumerate(work.items()):
        share = (deadline - time.monotonic()) / (len(work) - index)
        try:
            done.append(piece(max(0.0, share)))
        except Unavailable as error:
            log.warning("nothing was done for %s: %s", name, error)
            away.append(name)
    if away:
        raise Incomplete(f"not done: {', '.join(away)}")
    return done
