"""Ways to misbehave, each for a platform or an account, and for so many requests or seconds."""

from __future__ import annotations

import itertools
import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

How = Literal[
    "slow",
    "silent",
    "drop_before",
    "drop_after",
    "throttle",
    "fail",
    "html",
    "huge",
    "drip",
    "compressed",
    "redirect",
    "refuse_token",
    "refuse_event",
    "error_in_200",
]
Platform = Literal["sgtm", "meta", "ga4", "tiktok", "pinterest", "snapchat", "webhook"]


class Behaviour(BaseModel):
    """One way to misbehave.

    `slow` answers after `delay`. `silent` never answers. `drop_before` closes the connection before it
    reads the body, `drop_after` when it has taken all. `throttle` answers 429, `fail` answers `status`.
    `html` answers a page, `huge` `size` bytes, `drip` a byte each `delay`. `compressed` zips what nobody
    wants zipped. `redirect` answers 302. `refuse_token` answers as to a wrong token. `refuse_event`
    refuses the `event`-th event of a request, for good. `error_in_200` hides an error in the body.

    Attributes:
        account: of one account only; None: of all
        requests: for so many of them; None: no bound
        seconds: for so long; None: no bound
        delay: seconds
        retry_after: seconds that a 429 or a failure asks for; None: it does not say
        as_date: `Retry-After` is a date
        takes: a silent one takes the events all the same
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    how: How
    platform: Platform
    account: str | None = None
    requests: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    delay: Annotated[float, Field(ge=0, le=3600)] = 2.0
    status: Annotated[int, Field(ge=400, le=599)] = 503
    retry_after: int | None = None
    as_date: bool = False
    event: Annotated[int, Field(ge=1)] = 1
    size: Annotated[int, Field(ge=0, le=100_000_000)] = 10_000_000
    takes: bool = False

    def is_for(self, platform: str, account: str | None) -> bool:
        """Whether a request of this account meets it."""
        return self.platform == platform and self.account in {None, account}


class Behaviours:
    """Those that are set. The oldest one that is for a request decides about it."""

    def __init__(self) -> None:
        self._set: dict[int, tuple[Behaviour, float]] = {}
        self._numbers = itertools.count(1)

    def __bool__(self) -> bool:
        return bool(self._set)

    def add(self, behaviour: Behaviour) -> int:
        """Set one; returns its number."""
        number = next(self._numbers)
        seconds = float("inf") if behaviour.seconds is None else behaviour.seconds
        self._set[number] = (behaviour, time.monotonic() + seconds)
        return number

    def clear(self, platform: str | None) -> None:
        """End all, or those of one platform."""
        self._set = {
            number: kept
            for number, kept in self._set.items()
            if platform not in {None, kept[0].platform}
        }

    def find(self, platform: str, account: str | None) -> Behaviour | None:
        """The one that a request of this account meets."""
        self._end_due()
        found = (each for each, _ in self._set.values() if each.is_for(platform, account))
        return next(found, None)

    def use(self, behaviour: Behaviour) -> None:
        """Count a request that met it."""
        if behaviour.requests is not None:
            behaviour.requests -= 1
            self._end_due()

    def shown(self) -> list[dict[str, Any]]:
        """Those that are set, with what is left of their requests and seconds."""
        self._end_due()
        now = time.monotonic()
        return [
            {"id": number, "how": each.how, "platform": each.platform, "account": each.account}
            | {"requests": each.requests}
            | {"seconds": None if each.seconds is None else round(until - now, 1)}
            for number, (each, until) in self._set.items()
        ]

    def _end_due(self) -> None:
        now = time.monotonic()
        self._set = {
            number: (each, until)
            for number, (each, until) in self._set.items()
            if until > now and (each.requests is None or each.requests > 0)
        }
