"""Connections between the processes and the servers that fail, in the proxies between them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from local.banking.chaos.faults.fault import Scene

Happen = Callable[[Scene, Random, float], None]


def cut(server: str) -> Happen:
    """Every connection is reset, several times over."""

    def happen(scene: Scene, random: Random, seconds: float) -> None:
        for _ in range(random.randint(1, 3)):
            scene.bed.proxies[server].cut()
            scene.last(seconds / 3)

    return happen


def stalled(server: str) -> Happen:
    """Nothing passes for a while; then everything that was sent does."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        scene.bed.proxies[server].stall()
        scene.last(seconds)
        scene.bed.proxies[server].heal()

    return happen


def half_open(server: str) -> Happen:
    """The far ends are gone without a word; what is sent is lost; resets come when it heals."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        scene.bed.proxies[server].half_open()
        scene.last(seconds)
        scene.bed.proxies[server].heal()

    return happen


def slow(server: str, most_seconds: float) -> Happen:
    """Every piece of data takes up to so long."""

    def happen(scene: Scene, random: Random, seconds: float) -> None:
        scene.bed.proxies[server].slow(random.uniform(0.2, 1) * most_seconds)
        scene.last(seconds)
        scene.bed.proxies[server].heal()

    return happen


def callers_cut(scene: Scene, random: Random, seconds: float) -> None:
    """The connections of callers and banks to a function process are reset."""
    for _ in range(3):
        random.choice(scene.bed.functions).proxy.cut()
        scene.last(seconds / 3)
