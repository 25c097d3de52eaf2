"""Carries out a plan and records when each fault happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

from local.banking.chaos.answers import AnswerRecord
from local.banking.chaos.evidence import Disturbance, Restore
from local.banking.chaos.faults.fault import Fault, Targets
from local.banking.chaos.plan import Plan, Step
from local.banking.chaos.restoring import Operator

RESTORED = "database restored"


class Conductor:
    """Makes the faults of one run happen.

    Attributes:
        disturbances: the faults that have happened, in the order of their ends
        restore: the restore, if the plan has one
    """

    def __init__(
        self,
        targets: Targets,
        faults: Mapping[str, Fault],
        record: AnswerRecord,
        told: Callable[[str], None],
    ) -> None:
        self._scene = targets
        self._record = record
        self._faults = faults
        self._told = told
        self._lock = threading.Lock()
        self.disturbances: list[Disturbance] = []
        self.restore: Restore | None = None

    def carry_out(self, plan: Plan) -> None:
        """Carry out the single steps, the restore, then the lanes side by side.

        Returns when everything is undone.

        If a fault could not be done or undone, the first such error is raised, because the run proves
        nothing.
        """
        self._lane("alone", plan.seed, plan.alone)
        if plan.lost_seconds:
            self._restore(plan)
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

    def _restore(self, plan: Plan) -> None:
        """The lost seconds are no fault: a duplicate of that time has another cause."""
        random = Random(f"{plan.seed} restore")  # noqa: S311  # repeatable
        self.restore = Operator(self._scene, self._record, random).restore(plan.lost_seconds)
        seconds = self.restore.calls_resumed - self.restore.backup_began
        self._told(f"{RESTORED}, {seconds:.1f} s after its backup")

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
