"""Faults of connections between processes and servers, in the proxies between them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from local.banking.chaos.faults.fault import Scene

Happen = Callable[[Scene, Random, float], None]


def cut(server: str) -> Happen:
    """Reset every connection, several times."""

    def happen(scene: Scene, random: Random, seconds: float) -> None:
        for _ in range(random.randint(1, 3)):
            scene.bed.proxies[server].cut()
            scene.last(seconds / 3)

    return happen


def stalled(server: str) -> Happen:
    """Pass nothing for a while, then everything that was sent."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        scene.bed.proxies[server].stall()
        scene.last(seconds)
        scene.bed.proxies[server].heal()

    return happen


def half_open(server: str) -> Happen:
    """Let the far ends vanish silently. Sent data is lost. Resets follow when the connections heal."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        scene.bed.proxies[server].half_open()
        scene.last(seconds)
        scene.bed.proxies[server].heal()

    return happen


def slow(server: str, most_seconds: float) -> Happen:
    """Delay every piece of data by up to this long."""

    def happen(scene: Scene, random: Random, seconds: float) -> None:
        scene.bed.proxies[server].slow(random.uniform(0.2, 1) * most_seconds)
        scene.last(seconds)
        scene.bed.proxies[server].heal()

    return happen


def callers_cut(scene: Scene, random: Random, seconds: float) -> None:
    """Reset the connections of callers and banks to a function process."""
    for _ in range(3):
        random.choice(scene.bed.functions).proxy.cut()
        scene.last(seconds / 3)
