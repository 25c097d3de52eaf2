"""Reads a file that stands beside a module, also where packaging has put both into one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def text_beside(module_name: str, name: str) -> str:
    """The text of the file of this name, or at this path, in the module's folder.

    The module's loader reads it, because a package's files may be packed into one (`packed_modules`).

    Raises:
        ValueError: the module was not imported from a file.
    """
    specification = sys.modules[module_name].__spec__
    if specification is None or specification.origin is None:
        raise ValueError(f"{module_name} was not imported from a file")
    loader: Any = specification.loader
    text: str = loader.get_data(str(Path(specification.origin).parent / name)).decode()
    return text
