"""What the platforms hold: for each account its credential, and every event that it has counted.

An event is counted once within its window, under the key by which the platform knows copies.
"""

from __future__ import annotations

import hmac
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_REMEMBERED = 20


class Copy(NamedTuple):
    """An event that a platform takes.

    Attributes:
        id: by which the sender and the platform speak of it
        key: by which the platform knows a copy; None: it knows none
        window: seconds; a copy that comes later is counted again
    """

    id: str
    key: str | None
    window: float = float("inf")


@dataclass
class Account:
    """One account at one platform.

    Attributes:
        credential: the right one; None: the first that comes is right
        counted_again: events that were counted twice, because nothing told that they were copies
        refused: events that were refused, as often as it happened
        refused_requests: requests that were refused as a whole
    """

    credential: str | None = None
    requests: int = 0
    unique: int = 0
    duplicate: int = 0
    counted_again: int = 0
    refused: int = 0
    refused_requests: int = 0
    tests: int = 0
    ids: Counter[str] = field(default_factory=Counter)
    problems: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _counted_at: dict[str, float] = field(default_factory=dict)
    _minute: int = 0
    _calls: int = 0

    def is_right(self, credential: str) -> bool:
        """Whether it is the account's credential; the first one makes itself so."""
        if self.credential is None:
            self.credential = credential
        return hmac.compare_digest(self.credential.encode(), credential.encode())

    def take(self, copy: Copy, now: float) -> None:
        """Count an event, or know it as a copy."""
        known_since = None if copy.key is None else self._counted_at.get(copy.key)
        if known_since is not None and now - known_since < copy.window:
            self.duplicate += 1
        else:
            self.unique += 1
            self.counted_again += known_since is not None
            self.counted_again += copy.key is None and copy.id in self.ids
            if copy.key is not None:
                self._counted_at[copy.key] = now
        self.ids[copy.id] += 1

    def refuse(self, problem: str) -> None:
        """Refuse one event."""
        self.refused += 1
        self.problems.append(problem)

    def refuse_request(self, problem: str) -> None:
        """Refuse a request as a whole."""
        self.refused_requests += 1
        self.problems.append(problem)

    def calls_too_often(self, most: int, now: float) -> bool:
        """Count a call; whether there were more than this in the same minute."""
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._calls = minute, 0
        self._calls += 1
        return self._calls > most

    def shown(self, with_ids: bool) -> dict[str, Any]:
        """As `GET /_seen` shows it: no credential, no values of events."""
        found = {
            "requests": self.requests,
            "unique": self.unique,
            "duplicate": self.duplicate,
            "counted_again": self.counted_again,
            "refused": self.refused,
            "refused_requests": self.refused_requests,
            "tests": self.tests,
            "problems": list(self.problems),
        }
        return {**found, "ids": dict(self.ids)} if with_ids else found


class Held:
    """All accounts, by platform and account; made when they are first named."""

    def __init__(self) -> None:
        self._accounts: dict[str, dict[str, Account]] = {}

    def account(self, platform: str, name: str) -> Account:
        """The account of that name."""
        accounts = self._accounts.setdefault(platform, {})
        if name not in accounts:
            accounts[name] = Account()
        return accounts[name]

    def shown(self, platform: str | None, account: str | None, with_ids: bool) -> dict[str, Any]:
        """What is held, all of it or that of one platform or account."""
        return {
            name: {
                own: each.shown(with_ids)
                for own, each in accounts.items()
                if account in {None, own}
            }
            for name, accounts in self._accounts.items()
            if platform in {None, name}
        }

    def forget(self) -> None:
        """Empty everything; who has which credential stays known."""
        for accounts in self._accounts.values():
            for name, each in accounts.items():
                accounts[name] = Account(each.credential)
