"""Kills and freezes processes of the run, and lets many resends run at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

from local.banking.chaos.faults.fault import Scene
from local.banking.chaos.testbed import Testbed
from local.banking.client import CallFailed, Client
from local.chaos.members import Member

Choose = Callable[[Testbed], Sequence[Member]]
CROWD = 3


def killed(among: Choose) -> Callable[[Scene, Random, float], None]:
    """Kill one of them with SIGKILL in the middle of its work. A new process replaces it."""

    def happen(scene: Scene, random: Random, seconds: float) -> None:
        member = random.choice(among(scene.bed))
        member.kill()
        scene.last(seconds)
        member.start()

    return happen


def frozen(among: Choose) -> Callable[[Scene, Random, float], None]:
    """Freeze one of them with its connections and locks, and wake it later."""

    def happen(scene: Scene, random: Random, seconds: float) -> None:
        member = random.choice(among(scene.bed))
        member.freeze()
        scene.last(seconds)
        member.wake()

    return happen


def resends_at_once(scene: Scene, _random: Random, seconds: float) -> None:
    """Let the admin call resend three times at once, while both schedules run it, too."""

    def resend(number: int) -> None:
        urls = scene.bed.base_urls
        key = scene.bed.environment["ADMIN_API_KEY"]
        with (
            suppress(CallFailed),  # another fault may have stopped a process
            Client(urls[number % len(urls)], key, timeout_seconds=seconds + 10) as admin,
        ):
            admin.call("POST", "/events/resend", {"period_in_days": 1})

    for _ in range(3):
        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(resend, range(CROWD)))
        scene.last(seconds / 3)
