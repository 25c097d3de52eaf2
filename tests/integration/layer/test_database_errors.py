"""What the driver's errors say in a log: never a value of a row or of a statement."""

from __future__ import annotations

import traceback
from threading import Barrier

import pytest

from fintegrate.database import Database, RolledBack
from tests.support.threads import at_once

SECRET = "open sesame"
STATEMENTS = {
    "check": "INSERT INTO pg_temp.words (id, word) VALUES (1, %(word)s)",
    "null": "INSERT INTO pg_temp.words (word) VALUES (%(word)s)",
    "unique": "INSERT INTO pg_temp.words (id, word, name) VALUES (0, '', %(word)s)",
    "json": "SELECT %(word)s::json",
    "uuid": "SELECT %(word)s::uuid",
    "syntax": "SELECT %(word)s FROM WHERE",
    "raised": "DO $$ BEGIN RAISE EXCEPTION 'refused' USING DETAIL = %(word)s; END $$",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_error_shows_no_value(database: Database, statement: str) -> None:
    database.execute(
        "CREATE TEMP TABLE IF NOT EXISTS words (id integer PRIMARY KEY,"
        " word text CHECK (word = ''), name text UNIQUE)",
        {},
    )
    database.execute(
        "INSERT INTO pg_temp.words VALUES (7, '', %(word)s) ON CONFLICT DO NOTHING",
        {"word": SECRET},
    )

    with pytest.raises(Exception) as caught:  # noqa: PT011 - each statement has an error of its own
        database.execute(statement, {"word": SECRET})

    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    assert str(caught.value) or caught.value.__cause__


def test_deadlock_may_be_tried_again(database: Database) -> None:
    both_hold = Barrier(2)

    def lock(first: int, second: int) -> type[Exception] | None:
        try:
            with database.transaction():
                database.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": first})
                both_hold.wait()
                database.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": second})
        except RolledBack as error:
            return type(error)
        return None

    ended = at_once([lambda: lock(1, 2), lambda: lock(2, 1)], database.close)

    assert sorted(ended, key=str) == [RolledBack, None]
