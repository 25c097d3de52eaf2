"""The life of one native server: prepare its folder, launch, stop, kill, freeze.

What differs between the servers (commands, configuration, probes) is in the subclasses.
"""

from __future__ import annotations

import os
import shutil
import signal
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.machine.checkout import Checkout
from local.machine.ports import PortBook
from local.machine.processes import Account, Family
from local.services.native.programs import Program
from local.services.service import Service

STOP_SECONDS = 20.0


class NativeServer(Service):
    """A server of this machine, run privately for one checkout."""

    program: Program
    port_names: tuple[str, ...]
    graceful: signal.Signals = signal.SIGTERM

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.ports = PortBook(checkout)
        self.log = checkout.folder("log") / f"{self.name}.log"

    @property
    def home(self) -> Path:
        """Its data folder."""
        return self.checkout.folder(self.name)

    @property
    def family(self) -> Family:
        record = self.checkout.folder("run") / f"{self.name}.json"
        return Family(f"{self.checkout.root}#{self.name}", self.home, record)

    @property
    def account(self) -> Account:
        """The system user it runs as."""
        return Account()

    @abstractmethod
    def prepare(self) -> None:
        """Write configuration and, the first time, create the data folder."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Program and arguments; no secret among them."""

    def environment(self) -> Mapping[str, str]:
        """Its environment: nothing of the caller's but the search path."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}

    def start(self) -> bool:
        if self.is_running():
            return False
        self.family.kill()  # helpers that a crashed server left behind hold its ports
        self.ports.renew_taken(self.port_names)
        self.prepare()
        self.family.launch(self.command(), self.environment(), self.log, self.account)
        return True

    def stop(self) -> None:
        self.family.stop(self.graceful, STOP_SECONDS)

    def kill(self) -> None:
        self.family.kill()

    def pause(self) -> None:
        self.family.pause()

    def resume(self) -> None:
        self.family.resume()

    def is_running(self) -> bool:
        return self.family.leader() is not None

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-20:])

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
