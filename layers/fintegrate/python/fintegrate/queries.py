"""Named SQL statements from a `.sql` file beside the code that runs them.

A statement begins with a line `-- name: some_name` and is never built from strings. That line stays in
the text, so the database's views of running statements show the name.
"""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """Read every statement of the file by its name.

    Raises:
        ValueError: a name is used twice.
    """
    text = path.read_text(encoding="utf-8")
    starts = list(_NAME.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    queries: dict[str, str] = {}
    for start, end in zip(starts, ends, strict=True):
        if start[1] in queries:
            raise ValueError(f"{path.name} names {start[1]} twice")
        queries[start[1]] = text[start.start() : end].strip()
    return queries


def queries_beside(module_file: str) -> dict[str, str]:
    """Read the statements of the `.sql` file with the module's name."""
    return load_queries(Path(module_file).with_suffix(".sql"))
