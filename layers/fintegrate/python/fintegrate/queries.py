"""Named SQL statements from a `.sql` file beside the code that runs them.

A statement begins with a line `-- name: some_name` and is never built from strings. That line stays in
the text, so the database's views of running statements show the name.
"""

from __future__ import annotations

import re
from pathlib import Path

from fintegrate.files_beside import text_beside

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """Read every statement of the file by its name.

    Raises:
        ValueError: a name is used twice.
    """
    return _by_name(path.name, path.read_text(encoding="utf-8"))


def queries_beside(module_name: str) -> dict[str, str]:
    """Read the statements of the `.sql` file with the module's name."""
    file = f"{module_name.rpartition('.')[2]}.sql"
    return _by_name(file, text_beside(module_name, file))


def _by_name(file: str, text: str) -> dict[str, str]:
    starts = list(_NAME.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    queries: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=True):
        if start[1] in queries:
            raise ValueError(f"{file} names {start[1]} twice")
        queries[start[1]] = text[start.start() : end].strip()
    return queries
