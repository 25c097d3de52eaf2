"""Named SQL statements from a `.sql` file that lies beside the code that runs them.

A statement begins with a line `-- name: some_name` and is never put together from strings. The line
stays in the text, so that the database's own views of running statements show the name.
"""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """Every statement of the file by its name.

    Raises:
        ValueError: a name stands twice.
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
    """The statements of the `.sql` file with the module's own name."""
    return load_queries(Path(module_file).with_suffix(".sql"))
