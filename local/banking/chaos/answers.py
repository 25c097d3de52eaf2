"""The record of what the load asked for and what it was answered, one line of JSON per attempt.

Written as it happens, so that it can be read after whatever ended the run.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt of one call. Attempts of the same call share `call` and its idempotency key.

    `status` is None when nothing came back: then nobody knows whether it happened.
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
        """Whether it was answered with 2xx: from here on it is a promise."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether asking again would make no sense."""
        return self.status is not None and self.status < 500 and self.status != 429


class AnswerRecord:
    """The file of one run; any thread may add to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, answer: Answer) -> None:
        """Write one attempt down."""
        line = json.dumps(asdict(answer))
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def __iter__(self) -> Iterator[Answer]:
        """Every attempt in the order in which answers came."""
        with self._path.open(encoding="utf-8") as lines:
            yield from (Answer(**json.loads(line)) for line in lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Write no more; it can still be read."""
        self._file.close()
