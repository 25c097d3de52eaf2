"""What the harness and the tests may ask of one real server, however it runs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urlsplit

START_SECONDS = 90.0
POLL_SECONDS = 0.05


class ServersUnusable(RuntimeError):
    """A server is missing, does not start or does not answer; the text says what to do."""


class Service(ABC):
    """One server of the checkout. Every method may be called in any state and again."""

    name: str
    is_of_one_kind: ClassVar[bool] = True
    """Whether it tells native servers from those in containers."""
    variables: ClassVar[Mapping[str, str]] = {}
    """The functions' variables that say where it is → the attribute that knows."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, with user and password."""

    @property
    def metrics_address(self) -> str | None:
        """Host and port of its own page for Prometheus, if it has one."""
        return None

    def addresses(self) -> Mapping[str, str]:
        """The functions' variables that say where it is, with their values."""
        return {name: str(getattr(self, where)) for name, where in self.variables.items()}

    @abstractmethod
    def start(self) -> bool:
        """Start the server unless it runs; says whether this call started it."""

    @abstractmethod
    def stop(self) -> None:
        """End it in order; its data stay."""

    @abstractmethod
    def kill(self) -> None:
        """End it as a crash would (SIGKILL); its data stay."""

    @abstractmethod
    def pause(self) -> None:
        """Freeze it: connections stay open and get no answer."""

    @abstractmethod
    def resume(self) -> None:
        """Let a paused server run on."""

    @abstractmethod
    def is_running(self) -> bool:
        """Whether its process exists, answering or not."""

    @abstractmethod
    def probe(self) -> None:
        """Do one real round trip with the password; raises whatever the client raises."""

    @abstractmethod
    def log_tail(self) -> str:
        """The end of its log, for error messages."""

    @abstractmethod
    def remove(self) -> None:
        """End it and delete its data."""

    def restart(self) -> None:
        """Stop, start and wait until it answers."""
        self.stop()
        self.start()
        self.wait_ready()

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until it answers.

        Raises:
            ServersUnusable: it ended or did not answer in time
        """
        deadline = time.monotonic() + seconds
        while (refusal := failure_of(self.probe)) is not None:
            if not self.is_running():
                raise ServersUnusable(f"{self.name} ended while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServersUnusable(
                    f"{self.name} does not answer after {seconds:.0f} s "
                    f"({self._said(refusal)}). The end of its log:\n{self.log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def _said(self, refusal: Exception) -> str:
        """The refusal without the password, which an address in it would show."""
        text = f"{type(refusal).__name__}: {refusal}".strip().removesuffix(":")
        password = urlsplit(self.url).password
        return text.replace(password, "…") if password else text


def failure_of(probe: Callable[[], None]) -> Exception | None:
    """What went wrong with one round trip, or `None`."""
    try:
        probe()
    except Exception as failure:  # noqa: BLE001, RUF100  # any refusal means: not ready yet
        return failure
    return None
