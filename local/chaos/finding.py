"""What a check after a fault run finds: a broken promise, with the evidence named."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise.

    Attributes:
        kind: which promise, of the system's own list
        about: whose data it concerns
    """

    kind: Enum
    about: str
    words: str
