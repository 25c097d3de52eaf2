"""Rows of gauges, one for each owner, of which at most so many keep their name.

The others become one row. So a label has a bound, however many owners there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fintegrate.database import Row
from fintegrate.metrics import OTHER

Together = Callable[[Iterable[Any]], Any]


def bounded(
    rows: Sequence[Row],
    most: int,
    *,
    label: str,
    trouble: Callable[[Row], float],
    together: Mapping[str, Together],
) -> list[Row]:
    """At most `most` rows: those with the most trouble, and one named `other` for the rest.

    `together` says how a column of the rest becomes one value; without an entry it is the sum. A value
    that is not known (None) is left out, and a column without any known value stays unknown.
    """
    if len(rows) <= most:
        return list(rows)
    ranked = sorted(rows, key=lambda row: (-trouble(row), str(row[label])))
    named, rest = ranked[: most - 1], ranked[most - 1 :]
    other = {
        column: _of_the_rest([row[column] for row in rest], together.get(column, sum))
        for column in rest[0]
        if column != label
    }
    return [*named, {**other, label: OTHER}]


def _of_the_rest(values: Sequence[Any], together: Together) -> Any:
    known = [value for value in values if value is not None]
    return together(known) if known else None
