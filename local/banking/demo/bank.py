"""The bank's consumer as a program that dies once and is started again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from local.banking.client import Tenant
from local.banking.consumer.faults import EXIT_STATUS_OF_DEATH
from local.banking.consumer.view import CustomerView, view_beside
from local.machine.checkout import ROOT
from local.machine.log_file import open_log

_MOST_RESTARTS = 5
_ORPHAN_SECONDS = "120"  # should the demo be killed, its consumer ends by itself


class ConsumerKeepsEnding(Exception):
    """Starting the consumer again does not help; the text says how it ended."""


def store_of(bank: Tenant) -> Path:
    """The SQLite file of the bank's consumer."""
    return ROOT / ".local" / "consumers" / f"{bank.name}.sqlite3"


def read_view(bank: Tenant) -> dict[str, tuple[str, str]]:
    """The customers in the view of the bank's consumer, by id: name and status."""
    with CustomerView(view_beside(store_of(bank))) as view:
        return view.customers()


class ConsumerProcess:
    """The reference consumer with a view, started again when it died; what it prints goes to `log`."""

    def __init__(
        self,
        bank: Tenant,
        environment: Mapping[str, str],
        log: Path,
        options: Sequence[str] = (),
    ) -> None:
        program = [sys.executable, "-m", "local.banking.consumer", bank.name]
        self._command = [*program, "--view", *options]
        self._environment = {**os.environ, **environment, "FINTEGRATE_API_KEY": bank.key}
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = os.fdopen(open_log(log), "ab")
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._log.close()

    def start(self, *options: str) -> None:
        """Start it; `options` as on its command line, and not again when it is revived."""
        self._process = subprocess.Popen(
            [*self._command, "--stop-when-idle", _ORPHAN_SECONDS, *options],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def revive(self) -> str | None:
        """Start it again if it ended; returns what happened, in words.

        Raises:
            ConsumerKeepsEnding: that was in vain too often
        """
        status = None if self._process is None else self._process.poll()
        if status is None:
            return None
        if self.restarts == _MOST_RESTARTS:
            raise ConsumerKeepsEnding(f"the consumer ends with status {status} every time")
        self.restarts += 1
        self.start()
        if status == EXIT_STATUS_OF_DEATH:
            return "the consumer died mid-message, after its work and before its answer; restarted"
        return f"the consumer ended with status {status}; restarted"

    def stop(self) -> None:
        """End it in order; it finishes its message."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
