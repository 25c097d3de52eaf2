"""What letters reads from its environment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every setting of letters."""

    letters_database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    postage: int = 1
