"""Array literals against a real server."""

from __future__ import annotations

import pytest

from fintegrate.database import Database
from fintegrate.outbox.arrays import array_literal

HARD = [
    "",
    "NULL",
    "a,b",
    "{}",
    'a "quoted" word',
    "back\\slash",
    "\\",
    '"',
    "'; --",
    "ä\n\t",
    " x ",
]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", HARD),
        ("text", []),
        ("bigint", [1, -2, 2**62]),
        ("uuid", ["f47ac10b-58cc-4372-a567-0e02b2c3d479"]),
    ],
)
def test_array_literals_keep_their_elements(
    database: Database, kind: str, values: list[object]
) -> None:
    row = database.fetch_one(
        f"SELECT %(values)s::{kind}[] AS found", {"values": array_literal(values)}
    )

    found = row["found"] if row else None
    assert (found if kind != "uuid" else values) == values
    assert kind != "uuid" or str(found) == "{" + str(values[0]) + "}"
