"""Named SQL statements from a `.sql` file beside the code that runs them.

A statement begins with a line `-- name: some_name` and is never built from strings. That line stays in
the text, so the database's views of running statements show the name.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """Read every statement of the file by its name.

    Raises:
        ValueError: a name is used twice.
    """
    return _by_name(path.name, path.read_text(encoding="utf-8"))


def queries_beside(module_name: str) -> dict[str, str]:
    """Read the statements of the `.sql` file with the module's name.

    The module's loader reads it, because a package's files may be packed into one (`packed_modules`).
    """
    specification = sys.modules[module_name].__spec__
    if specification is None or specification.origin is None:
        raise ValueError(f"{module_name} was not imported from a file")
    path = Path(specification.origin).with_suffix(".sql")
    loader: Any = specification.loader
    return _by_name(path.name, loader.get_data(str(path)).decode())


def _by_name(file: str, text: str) -> dict[str, str]:
    starts = list(_NAME.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    queries: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=True):
        if start[1] in queries:
            raise ValueError(f"{file} names {start[1]} twice")
        queries[start[1]] = text[start.start() : end].strip()
    return queries
