"""Kills and freezes processes of the run, and lets many resends run at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

from local.banking.chaos.faults.fault import Targets
from local.banking.chaos.testbed import Testbed
from local.banking.client import CallFailed, Client
from local.chaos.members import Member

Choose = Callable[[Testbed], Sequence[Member]]
CROWD = 3


def killed(among: Choose) -> Callable[[Targets, Random, float], None]:
    """Kill one of them with SIGKILL in the middle of its work. A new process replaces it."""

    def happen(targets: Targets, random: Random, seconds: float) -> None:
        member = random.choice(among(targets.bed))
        member.kill()
        targets.last(seconds)
        member.start()

    return happen


def frozen(among: Choose) -> Callable[[Targets, Random, float], None]:
    """Freeze one of them with its connections and locks, and wake it later."""

    def happen(targets: Targets, random: Random, seconds: float) -> None:
        member = random.choice(among(targets.bed))
        member.freeze()
        targets.last(seconds)
        member.wake()

    return happen


def resends_at_once(targets: Targets, _random: Random, seconds: float) -> None:
    """Let the admin call resend three times at once, while both schedules run it, too."""

    def resend(number: int) -> None:
        urls = targets.bed.base_urls
        key = targets.bed.environment["ADMIN_API_KEY"]
        with (
            suppress(CallFailed),  # another fault may have stopped a process
            Client(urls[number % len(urls)], key, timeout_seconds=seconds + 10) as admin,
        ):
            admin.call("POST", "/events/resend", {"period_in_days": 1})

    for _ in range(3):
        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(resend, range(CROWD)))
        targets.last(seconds / 3)
