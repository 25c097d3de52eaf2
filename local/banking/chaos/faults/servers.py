"""Servers that die, restart or freeze."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from local.banking.chaos.faults.fault import Scene
from local.services.running import RunningServices
from local.services.service import Service

Which = Callable[[RunningServices], Service]


def killed(which: Which) -> Callable[[Scene, Random, float], None]:
    """Ended by SIGKILL with all its processes, and started again."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        server = which(scene.bed.services)
        server.kill()
        scene.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def restarted(which: Which) -> Callable[[Scene, Random, float], None]:
    """Stopped in order, and started again."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        server = which(scene.bed.services)
        server.stop()
        scene.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def frozen(which: Which) -> Callable[[Scene, Random, float], None]:
    """Every process of it stopped: connections stay, nobody answers."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        server = which(scene.bed.services)
        server.pause()
        scene.last(seconds)
        server.resume()

    return happen
