"""How large a measurement is: as the documents have it, or smaller where somebody tries it out."""

from __future__ import annotations

import os


def size(setting: str, usual: int) -> int:
    """The number that the environment gives under this name, else the usual one."""
    return int(os.environ.get(setting, usual))
