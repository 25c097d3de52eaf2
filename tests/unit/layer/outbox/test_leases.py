"""Statements that write back must find their rows by the lease's token."""

from __future__ import annotations

from typing import Any, cast

import pytest

from fintegrate.outbox.leases import Leases

GOOD = "UPDATE letters SET token = NULL WHERE letter_id = ANY(%(ids)s) AND token = %(token)s"


def leases(statement: str) -> Leases:
    """Leases whose every statement is this one."""
    statements = dict.fromkeys(("renew", "confirmed", "failed", "released"), statement)
    return Leases(cast(Any, None), cast(Any, None), statements, lambda _row, _outcome: 1.0)


def test_token_in_the_condition_is_taken() -> None:
    assert leases(GOOD).statements["failed"] == GOOD


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE letters SET done = true WHERE letter_id = ANY(%(ids)s)",
        "UPDATE letters SET done = true -- %(token)s\nWHERE letter_id = ANY(%(ids)s)",
        "UPDATE letters SET done = true /* = %(token)s */ WHERE letter_id = ANY(%(ids)s)",
        "UPDATE letters SET token = %(token)s WHERE letter_id = ANY(%(ids)s)",
    ],
)
def test_token_elsewhere_is_refused(statement: str) -> None:
    with pytest.raises(ValueError, match="must find its rows by"):
        leases(statement)
