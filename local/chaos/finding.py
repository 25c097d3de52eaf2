"""What a check after a fault run finds: a broken promise and its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise.

    Attributes:
        kind: the promise, from the system's own list
        about: the owner of the data
    """

    kind: Enum
    about: str
    words: str
