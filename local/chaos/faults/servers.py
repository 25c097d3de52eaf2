"""Kills, restarts and freezes servers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from local.chaos.faults.fault import Happen, Targets
from local.services.running import RunningServices
from local.services.service import Service

Which = Callable[[RunningServices], Service]


def killed(which: Which) -> Happen:
    """Kill the server and all its processes with SIGKILL, and start it again."""

    def happen(targets: Targets[Any], _random: Random, seconds: float) -> None:
        server = which(targets.bed.services)
        server.kill()
        targets.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def restarted(which: Which) -> Happen:
    """Stop the server in order and start it again."""

    def happen(targets: Targets[Any], _random: Random, seconds: float) -> None:
        server = which(targets.bed.services)
        server.stop()
        targets.last(seconds)
        server.start()
        server.wait_ready()

    return happen


def frozen(which: Which) -> Happen:
    """Stop every process of the server. Connections stay, but nothing answers."""

    def happen(targets: Targets[Any], _random: Random, seconds: float) -> None:
        server = which(targets.bed.services)
        server.pause()
        targets.last(seconds)
        server.resume()

    return happen
