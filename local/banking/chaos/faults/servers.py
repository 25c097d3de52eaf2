"""Kills, restarts and freezes servers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from local.banking.chaos.faults.fault import Targets
from local.services.running import RunningServices
from local.services.service import Service

Which = Callable[[RunningServices], Service]


def killed(which: Which) -> Callable[[Targets, Random, float], None]:
    """Kill the server and all its processes with SIGKILL, and start it again."""

    def happen(targets: Targets, _random: Random, seconds: float) -> None:
        server = which(targets.bed.services)
        server.kill()
        targets.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def restarted(which: Which) -> Callable[[Targets, Random, float], None]:
    """Stop the server in order and start it again."""

    def happen(targets: Targets, _random: Random, seconds: float) -> None:
        server = which(targets.bed.services)
        server.stop()
        targets.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def frozen(which: Which) -> Callable[[Targets, Random, float], None]:
    """Stop every process of the server. Connections stay, but nothing answers."""

    def happen(targets: Targets, _random: Random, seconds: float) -> None:
        server = which(targets.bed.services)
        server.pause()
        targets.last(seconds)
        server.resume()

    return happen
