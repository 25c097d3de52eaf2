"""Compares secrets with their hashes, and bounds what that costs.

bcrypt takes a quarter of a second, and a caller needs nothing but a name to ask for it: a key's public
id, or a user's name. So a process compares each secret once, few wrong ones a minute, and nobody waits
in a line: who finds the check of a name busy is sent away.

Leaves to others what a claim looks like (`fintegrate.access.claim`), and what it is compared with.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from fintegrate.access.caller import Refused
from fintegrate.access.keys import nobodys_hash
from fintegrate.access.proofs import Proofs
from fintegrate.budget import Budget
from fintegrate.errors import TooManyRequests
from fintegrate.redis_connection import RedisConnections

if TYPE_CHECKING:
    from fintegrate.access.claim import Claim

_REMEMBERED = 1_000
_PATIENCE = 5.0
"""How long, in seconds, a request waits for the check of the same secret that another has begun."""
K = TypeVar("K")
V = TypeVar("V")


class CheckRefused(Exception):
    """The secret was not compared; `retry_after` is in seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TooManyWrongSecrets(CheckRefused):
    """As many wrong secrets as a minute allows were compared."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many wrong secrets, try again in {retry_after} s", retry_after)


class CheckBusy(CheckRefused):
    """Another secret of this name is being compared."""

    def __init__(self) -> None:
        super().__init__("another secret of this name is being compared", 1)


@dataclass(slots=True, eq=False)
class _Check:
    """A comparison under way. Requests with the same secret wait for its end."""

    fingerprint: bytes
    stored: str
    ended: threading.Event = field(default_factory=threading.Event)
    matched: bool | None = None
    refused: CheckRefused | None = None


class SecretVerifier:
    """Checks a secret once per process and name, and limits the cost of wrong secrets.

    A verified claim is remembered by its fingerprint and what it matched, so a rotated key is not
    mistaken for the old one. A wrong secret is remembered and refused without bcrypt. New wrong secrets
    cost at most `wrong_per_minute` comparisons per name, over all addresses and processes.

    Anybody can write an unsigned claim (a key of the older form, a password), also with a name that
    does not exist. Those are compared with `nobodys`, which nothing matches, so that they are answered
    like others. In all a process compares `unsigned_per_minute` wrong ones. Beyond that it compares only
    those of names that exist, within the bound of each name, and refuses what is wrong like the others:
    made-up keys in masses must lock no genuine one out. With `guessable` names, such as those of
    users, it then compares none: the time that it takes would tell whether a name exists. A proof is
    looked for before, so a genuine secret is refused only where no process has proven it for a day.

    Without `nobodys` a hash of this `cost` is made.
    """

    def __init__(
        self,
        wrong_per_minute: int = 5,
        unsigned_per_minute: int = 30,
        *,
        cost: int = 12,
        nobodys: str = "",
        guessable: bool = False,
        redis: RedisConnections | None = None,
        proofs: Proofs | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wrong_secrets = Budget("wrong_secrets", wrong_per_minute, redis, clock)
        self._unsigned = Budget("unsigned_secrets", unsigned_per_minute, None, clock)
        self._proofs = proofs
        self._nobodys = nobodys or nobodys_hash(cost)
        self._guessable = guessable
        self._verified: OrderedDict[bytes, str] = OrderedDict()
        self._wrong: OrderedDict[tuple[bytes, str], None] = OrderedDict()
        self._running: dict[str, _Check] = {}
        self._memory = threading.Lock()

    def recognises(self, claim: Claim) -> bool:
        """Whether the secret was verified here before. What is stored may have changed since."""
        with self._memory:
            return claim.fingerprint() in self._verified

    def matches(self, claim: Claim, stored: str | None) -> bool:
        """Whether the secret matches `stored`, which is None for a name that does not exist.

        Raises:
            TooManyWrongSecrets: as many wrong ones as allowed were compared within a minute.
            CheckBusy: another secret of this name is being compared.
        """
        if stored is None and claim.signed:
            return False  # only the server writes such claims, so nobody looks for names with them
        stored = stored or self._nobodys
        digest = claim.fingerprint()
        known = self._remembered(digest, stored)
        if known is not None:
            return known
        check, mine = self._begin(claim, digest, stored)
        return self._compare(claim, check) if mine else _result(check)

    def _remembered(self, digest: bytes, stored: str) -> bool | None:
        with self._memory:
            if self._verified.get(digest) == stored:
                self._verified.move_to_end(digest)
                return True
            return False if (digest, stored) in self._wrong else None

    def _begin(self, claim: Claim, digest: bytes, stored: str) -> tuple[_Check, bool]:
        """The check of this secret, and whether the caller has to make it."""
        with self._memory:
            running = self._running.get(claim.name)
            if running is None:
                self._running[claim.name] = started = _Check(digest, stored)
                return started, True
        if (running.fingerprint, running.stored) != (digest, stored):
            raise CheckBusy
        return running, False

    def _compare(self, claim: Claim, check: _Check) -> bool:
        try:
            # Another request may have ended the same check between this one's look and its begin.
            known = self._remembered(check.fingerprint, check.stored)
            check.matched = self._bounded(claim, check.stored) if known is None else known
            self._learn(check, matched=check.matched)
        except CheckRefused as refused:
            check.refused = refused
            raise
        finally:
            with self._memory:
                del self._running[claim.name]
            check.ended.set()
        return check.matched

    def _bounded(self, claim: Claim, stored: str) -> bool:
        if self._proofs is not None and self._proofs.has(claim, stored):
            return True
        wait = self._spend(claim, made_up=stored is self._nobodys)
        matched = claim.matches(stored)
        if matched:
            self._wrong_secrets.give_back(claim.name)
            if not claim.signed and not wait:
                self._unsigned.give_back()
            if self._proofs is not None:
                self._proofs.add(claim, stored)
        elif wait:
            raise TooManyWrongSecrets(wait)
        return matched

    def _spend(self, claim: Claim, *, made_up: bool) -> int:
        """Count this secret as a wrong one. Made-up names reach Redis only within the process's bound.

        Returns the seconds until wrong unsigned secrets are answered again, usually 0.
        """
        unsigned_wait = 0 if claim.signed else self._unsigned.take()
        if unsigned_wait and (made_up or self._guessable):
            raise TooManyWrongSecrets(unsigned_wait)
        if wait := self._wrong_secrets.take(claim.name):
            if not claim.signed and not unsigned_wait:
                self._unsigned.give_back()
            raise TooManyWrongSecrets(wait)
        return unsigned_wait

    def _learn(self, check: _Check, *, matched: bool) -> None:
        with self._memory:
            if matched:
                _remember(self._verified, check.fingerprint, check.stored)
            else:
                _remember(self._wrong, (check.fingerprint, check.stored), None)


def compare(
    verifier: SecretVerifier,
    claim: Claim,
    stored: str | None,
    key_id: str,
    *,
    too_many: str,
    busy: str,
) -> bool:
    """What a scheme asks: whether the claim is right.

    `too_many` and `busy` say in the scheme's words why it was not compared.

    Raises:
        Refused: too many wrong secrets were tried, or another one is being compared (429).
    """
    try:
        return verifier.matches(claim, stored)
    except TooManyWrongSecrets as error:
        sentence, reason, wait = too_many, "too_many_wrong_secrets", error.retry_after
    except CheckBusy as error:
        sentence, reason, wait = busy, "busy", error.retry_after
    raise Refused(TooManyRequests(f"{sentence} in {wait} s", wait), reason, key_id)


def _result(check: _Check) -> bool:
    """What came of a check that another request makes."""
    check.ended.wait(_PATIENCE)
    if check.matched is None:
        raise check.refused or CheckBusy()
    return check.matched


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
