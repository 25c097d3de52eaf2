"""Lets many resends run at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

from local.banking.chaos.faults.targets import Targets
from local.banking.client import CallFailed, Client

CROWD = 3


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
