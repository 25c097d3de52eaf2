"""Records what the load asked for and what was answered: one line of JSON per attempt.

Each line is written at once, so the record can be read however the run ended.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

REVOKED_KEY = "use_revoked_key"
"""The operation of an answer to a key that must not work any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt of a call. All attempts of a call share `call` and the idempotency key.

    `status` is None when no answer came. Then it is unknown whether the call took effect.
    """

    tenant: str
    operation: str
    call: str
    status: int | None
    customer_id: str | None = None
    key: str | None = None
    sent: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    at: float = field(default_factory=time.time)

    @property
    def succeeded(self) -> bool:
        """Whether the answer was 2xx. From then on the change is a promise."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether another attempt would be useless."""
        return self.status is not None and self.status < 500 and self.status != 429


class AnswerRecord:
    """The file of one run. Any thread may write to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, answer: Answer) -> None:
        """Record one attempt."""
        line = json.dumps(asdict(answer))
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def __iter__(self) -> Iterator[Answer]:
        """Every attempt, in the order of the answers."""
        with self._path.open(encoding="utf-8") as lines:
            yield from (Answer(**json.loads(line)) for line in lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop writing. The record can still be read."""
        self._file.close()
