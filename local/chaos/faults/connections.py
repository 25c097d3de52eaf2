"""Faults of connections between processes and servers, in the proxies between them."""

from __future__ import annotations

from random import Random
from typing import Any

from local.chaos.faults.fault import Happen, Targets


def cut(server: str) -> Happen:
    """Reset every connection, several times."""

    def happen(targets: Targets[Any], random: Random, seconds: float) -> None:
        for _ in range(random.randint(1, 3)):
            targets.bed.proxies[server].cut()
            targets.last(seconds / 3)

    return happen


def stalled(server: str) -> Happen:
    """Pass nothing for a while, then everything that was sent."""

    def happen(targets: Targets[Any], _random: Random, seconds: float) -> None:
        targets.bed.proxies[server].stall()
        targets.last(seconds)
        targets.bed.proxies[server].heal()

    return happen


def half_open(server: str) -> Happen:
    """Let the far ends vanish silently. Sent data is lost. Resets follow when the connections heal."""

    def happen(targets: Targets[Any], _random: Random, seconds: float) -> None:
        targets.bed.proxies[server].half_open()
        targets.last(seconds)
        targets.bed.proxies[server].heal()

    return happen


def slow(server: str, most_seconds: float) -> Happen:
    """Delay every piece of data by up to this long."""

    def happen(targets: Targets[Any], random: Random, seconds: float) -> None:
        targets.bed.proxies[server].slow(random.uniform(0.2, 1) * most_seconds)
        targets.last(seconds)
        targets.bed.proxies[server].heal()

    return happen


def callers_cut(targets: Targets[Any], random: Random, seconds: float) -> None:
    """Reset the connections of callers to a function process."""
    for _ in range(3):
        random.choice(targets.bed.functions).proxy.cut()
        targets.last(seconds / 3)
