"""What letters reads from its environment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every setting of letters."""

    letters_database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    letters_database_owner_url: str = field(default="", repr=False)
    letters_database_master_url: str = field(default="", repr=False)
    postage: int = 1
