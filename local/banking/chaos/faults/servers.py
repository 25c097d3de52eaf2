"""Kills, restarts and freezes servers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from local.banking.chaos.faults.fault import Scene
from local.services.running import RunningServices
from local.services.service import Service

Which = Callable[[RunningServices], Service]


def killed(which: Which) -> Callable[[Scene, Random, float], None]:
    """Kill the server and all its processes with SIGKILL, and start it again."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        server = which(scene.bed.services)
        server.kill()
        scene.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def restarted(which: Which) -> Callable[[Scene, Random, float], None]:
    """Stop the server in order and start it again."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        server = which(scene.bed.services)
        server.stop()
        scene.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def frozen(which: Which) -> Callable[[Scene, Random, float], None]:
    """Stop every process of the server. Connections stay, but nothing answers."""

    def happen(scene: Scene, _random: Random, seconds: float) -> None:
        server = which(scene.bed.services)
        server.pause()
        scene.last(seconds)
        server.resume()

    return happen
