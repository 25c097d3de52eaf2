"""Draws the data model of a database from its `schema.sql`.

The tables have no foreign keys (`schema.sql` says why). A column therefore refers to a table when it
has the name of that table's primary key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TABLE = re.compile(
    r"^CREATE TABLE (\w+) \(\n(.*?)\n\)(?: WITH \([^)]*\))?;", re.MULTILINE | re.DOTALL
)
_COLUMN = re.compile(r"^    (?!CONSTRAINT\b)(\w+)\s+(\w+)", re.MULTILINE)
_KEY = re.compile(r"PRIMARY KEY \(([\w, ]+)\)")
PAGE = """\
# The data model of {system}

Made from [schema.sql](../../sql/{folder}/schema.sql), which says what each table and column is for.
`make documents` writes this page. A line means: the column of this name refers to the other table.

```mermaid
erDiagram
{diagram}
```
"""


class Table(NamedTuple):
    """A table: its columns with their types, and the names of its primary key's columns."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]


def data_model(system: str, folder: str, schema: str) -> str:
    """The page of a system's database. `schema` is the text of its `schema.sql`."""
    tables = list(_tables(schema))
    lines = [line for table in tables for line in _drawn(table)]
    return PAGE.format(
        system=system, folder=folder, diagram="\n".join([*lines, *_relations(tables)])
    )


def _tables(schema: str) -> Iterator[Table]:
    for name, body in _TABLE.findall(schema):
        key = _KEY.search(body)
        yield Table(name, dict(_COLUMN.findall(body)), tuple(key[1].split(", ")) if key else ())


def _drawn(table: Table) -> Iterator[str]:
    yield f"    {table.name} {{"
    for column, kind in table.columns.items():
        yield f"        {kind} {column}{' PK' if column in table.key else ''}"
    yield "    }"


def _relations(tables: list[Table]) -> Iterator[str]:
    """The relations: from the table that owns a key to the table with a column of that name."""
    keyed: dict[str, list[str]] = {}
    for table in tables:
        if len(table.key) == 1:
            keyed.setdefault(table.key[0], []).append(table.name)
    for table in tables:
        for column in table.columns:
            owner = _owner(column, table, keyed.get(column, []))
            if owner is not None and owner != table.name and column.endswith("_id"):
                yield f"    {owner} ||--o{{ {table.name} : {column}"


def _owner(column: str, table: Table, keyed: list[str]) -> str | None:
    """The one of the tables with this key to which the table's column refers.

    It is the one that is named after the column: `consumers`, for `consumer_id`. Else the one of which
    the table is a part by its name: `replays`, for `replay_batches`. Else the first, which the others
    extend.
    """
    named = f"{column.removesuffix('_id')}s"
    if named in keyed:
        return named
    if table.key != (column,):
        whole = next((each for each in keyed if table.name.startswith(f"{each[:-1]}_")), None)
        if whole is not None:
            return whole
    return keyed[0] if keyed else None
