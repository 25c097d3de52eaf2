"""Carries out a plan and records when each fault happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from local.chaos.faults.fault import Disturbance, Fault, Targets
from local.chaos.plan import Plan, Step


class Conductor:
    """Makes the faults of one run happen.

    Attributes:
        disturbances: the faults that have happened, in the order of their ends
    """

    def __init__(
        self,
        targets: Targets[Any],
        faults: Mapping[str, Fault],
        told: Callable[[str], None],
    ) -> None:
        self._scene = targets
        self._faults = faults
        self._told = told
        self._lock = threading.Lock()
        self.disturbances: list[Disturbance] = []

    def carry_out(self, plan: Plan, between: Callable[[], None] = lambda: None) -> None:
        """Carry out the single steps, what comes between, then the lanes side by side.

        Returns when everything is undone.

        If a fault could not be done or undone, the first such error is raised, because the run proves
        nothing.
        """
        self._lane("alone", plan.seed, plan.alone)
        between()
        with ThreadPoolExecutor(len(plan.together) or 1) as pool:
            lanes = [
                pool.submit(self._lane, lane, plan.seed, steps)
                for lane, steps in plan.together.items()
            ]
        for lane in lanes:
            lane.result()

    def _lane(self, lane: str, seed: int, steps: Sequence[Step]) -> None:
        random = Random(f"{seed} {lane}")  # noqa: S311  # repeatable
        for step in steps:
            if self._scene.stopping.wait(step.pause):
                return
            self._one(step, random)

    def _one(self, step: Step, random: Random) -> None:
        began = time.time()
        try:
            self._faults[step.fault].happen(self._scene, random, step.seconds)
        except BaseException:
            self._scene.stopping.set()
            raise
        ended = time.time()
        with self._lock:
            self.disturbances.append(Disturbance(step.fault, began, ended))
        self._told(f"{step.fault}, {ended - began:.1f} s")
