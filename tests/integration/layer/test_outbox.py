"""The single try after the commit, on a table and with a sender that no system has."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from fintegrate.database import Database, Row
from fintegrate.outbox.outbox import TOO_LATE, Outbox
from fintegrate.outbox.sender import Sender
from fintegrate.outcome import Outcome, Result
from tests.integration.layer.letters import LETTERS, NEW, REFUSED, PostOffice, waiting, write
from tests.support.fixtures import Query


def outbox(database: Database, sender: Sender) -> Outbox:
    return Outbox(database, sender, LETTERS, NEW)


def newest(query: Query) -> Row:
    (row,) = query("SELECT * FROM letters ORDER BY letter_id DESC LIMIT 1")
    return row


def test_new_letter_is_sent_and_marked(database: Database, query: Query) -> None:
    write(query, ["ann"])
    office = PostOffice()

    outbox(database, office).publish_new(newest(query), time.monotonic())

    assert office.arrived == [("ann", 1)]
    assert waiting(query) == []


def test_letter_behind_a_pending_one_waits(database: Database, query: Query) -> None:
    write(query, ["ann"], each=2)
    query("UPDATE letters SET reason = 'lost' WHERE position = 1")
    office = PostOffice()

    outbox(database, office).publish_new(newest(query), time.monotonic())

    assert office.arrived == []
    assert newest(query)["reason"] == "waits for an earlier letter of its lane"


def test_other_lanes_letter_does_not_wait(database: Database, query: Query) -> None:
    write(query, ["ann", "bob"])
    office = PostOffice()

    outbox(database, office).publish_new(newest(query), time.monotonic())

    assert office.arrived == [("bob", 1)]


def test_refused_letter_keeps_the_reason(database: Database, query: Query) -> None:
    write(query, ["ann"])

    outbox(database, PostOffice(lambda _: REFUSED)).publish_new(newest(query), time.monotonic())

    letter = newest(query)
    assert (letter["status"], letter["reason"], letter["tries"]) == ("waiting", "bad address", 1)


def test_late_letter_waits_for_sweep(database: Database, query: Query) -> None:
    write(query, ["ann"])
    office = PostOffice()

    outbox(database, office).publish_new(newest(query), time.monotonic() - 60)

    assert office.arrived == []
    assert newest(query)["reason"] == TOO_LATE


def test_sender_that_crashes_loses_nothing(
    database: Database, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    class Crashing:
        outages: frozenset[Result] = frozenset()

        def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
            raise RuntimeError("out of stamps")

    write(query, ["ann"])

    outbox(database, Crashing()).publish_new(newest(query), time.monotonic())

    assert waiting(query) == [("ann", 1)]
    assert "out of stamps" in caplog.text
