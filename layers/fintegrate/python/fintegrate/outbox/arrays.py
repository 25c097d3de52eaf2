"""Lists as PostgreSQL's array literals.

The server reads a literal of 2,000 ids twice as fast as the `ARRAY[…]` that psycopg2 writes for a list,
and a sweep sends several of them with each batch.
"""

from __future__ import annotations

from collections.abc import Iterable


def array_literal(values: Iterable[object]) -> str:
    """The text of an array, each element quoted. The statement casts it (`%(ids)s::uuid[]`).

    Source: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    """
    quoted = [str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"
