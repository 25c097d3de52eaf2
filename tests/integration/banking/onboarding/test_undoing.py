"""An onboarding that fails for good, or is given up, leaves nothing; its name is free again."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import psycopg2.errors
import pytest

from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.management import Permissions, hash_password
from tests.integration.banking.onboarding.onboarded import (
    AWAY,
    Killed,
    Onboardings,
    dies_at,
)
from tests.support.banking import Bank, parts_with
from tests.support.broker import delete_queues
from tests.support.broker_admin import run_broker_admin
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule


@pytest.fixture
def limited(onboardings: Onboardings) -> Iterator[str]:
    """The broker's URL of a user who may declare no bank's queue."""
    management, name = onboardings.management, "test-limited"
    management.put_user(name, hash_password("word"))
    management.put_permissions(name, Permissions(f"^(?!{queue_name('')})", ".*", ".*"))
    where = urlsplit(onboardings.environment["RABBITMQ_URL"])
    yield where._replace(netloc=f"{name}:word@{where.hostname}:{where.port}").geturl()
    management.delete_user(name)


@pytest.fixture
def ready(onboardings: Onboardings) -> str:
    """The name of a bank of which all but the secrets is made."""
    name = onboardings.new_name()
    onboardings.post(name)
    run_broker_admin("settle")
    onboardings.make_due()
    assert run_schedule("onboard")["ready"] == 1
    assert all(onboardings.there_is(name).values())
    return name


def give_up(onboardings: Onboardings, name: str) -> tuple[int, dict[str, object]]:
    consumer_id = onboardings.read(name)["consumer_id"]
    reply = onboardings.admin.delete("/consumer/onboard", consumer_id=consumer_id, reason="a test")
    return reply.status, dict(reply.data)


def succeeds_again(onboardings: Onboardings, name: str) -> bool:
    with onboardings.served():
        return onboardings.post(name).status == 201


def test_refused_queues_are_undone(
    onboardings: Onboardings, environment: dict[str, str], limited: str
) -> None:
    name = onboardings.new_name()
    with parts_with(environment, RABBITMQ_URL=limited):
        reply = onboardings.post(name)

    assert reply.status == 409
    assert "everything was undone: the broker refuses the queues" in reply.description
    told = onboardings.read(name)
    assert told["state"] == "undone"
    states = [step["state"] for step in told["steps"]]  # type: ignore[attr-defined]
    assert states == ["undone", "failed", "open", "open"]
    assert onboardings.nothing_is_left(name)
    assert succeeds_again(onboardings, name)


def test_name_taken_meanwhile_stays_the_others(
    onboardings: Onboardings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = onboardings.new_name()
    with monkeypatch.context() as killed:
        dies_at(killed, "hold", None, noted=False)
        with pytest.raises(Killed):
            onboardings.post(name)
    assert onboardings.admin.post("/consumer/data", consumer_name=name).status == 201
    onboardings.make_due()

    reply = onboardings.post(name)

    assert reply.status == 409
    assert "A consumer of this name was created meanwhile" in reply.description
    there = onboardings.there_is(name)
    assert there["consumers"]
    assert there["queue"]


def test_deactivated_consumer_is_undone(
    onboardings: Onboardings, environment: dict[str, str]
) -> None:
    name = onboardings.new_name()
    with parts_with(environment, RABBITMQ_URL=AWAY):
        onboardings.post(name)
    consumer_id = onboardings.read(name)["consumer_id"]
    fields = {"consumer_id": consumer_id, "status": "deactivated"}
    assert onboardings.admin.post("/consumer/change-status", **fields).status == 200

    assert onboardings.post(name).status == 409

    assert onboardings.read(name)["state"] == "undone"
    assert onboardings.nothing_is_left(name)


def test_given_up_onboarding_leaves_nothing(
    onboardings: Onboardings, ready: str, query: Query
) -> None:
    with onboardings.served():
        status, told = give_up(onboardings, ready)

    assert (status, told["state"]) == (200, "undone")
    assert told["reason"] == "given up by hand: a test"
    assert onboardings.nothing_is_left(ready)
    assert query("SELECT 1 FROM audit_log WHERE action = 'DELETE /consumer/onboard'")
    assert give_up(onboardings, ready)[0] == 409
    assert succeeds_again(onboardings, ready)


def test_done_onboarding_is_not_given_up(onboardings: Onboardings) -> None:
    name = onboardings.new_name()
    assert succeeds_again(onboardings, name)

    assert give_up(onboardings, name)[0] == 409

    assert all(onboardings.there_is(name).values())


def test_undoing_waits_for_the_broker(
    onboardings: Onboardings, environment: dict[str, str], ready: str
) -> None:
    with parts_with(environment, RABBITMQ_URL=AWAY):
        status, told = give_up(onboardings, ready)
        onboardings.make_due()
        assert run_schedule("onboard")["undoing"] == 1

    assert (status, told["state"]) == (202, "undoing")
    assert onboardings.post(ready).status == 202  # its name is not free yet
    onboardings.make_due()
    with onboardings.served():
        assert run_schedule("onboard")["undone"] == 1
    assert onboardings.nothing_is_left(ready)


@pytest.mark.parametrize("noted", [False, True], ids=["before its note", "after its note"])
@pytest.mark.parametrize("step", ["broker_user", "queues", "consumer"])
def test_crash_while_undoing_is_resumed(
    onboardings: Onboardings,
    ready: str,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    noted: bool,
) -> None:
    with onboardings.served():
        with monkeypatch.context() as killed:
            dies_at(killed, "note_undone", step, noted=noted)
            with pytest.raises(Killed):
                give_up(onboardings, ready)
        onboardings.make_due()

        assert run_schedule("onboard")["undone"] == 1

    assert onboardings.nothing_is_left(ready)


def test_lost_queue_stays_away_while_undoing(
    onboardings: Onboardings, environment: dict[str, str], ready: str, query: Query
) -> None:
    """Redelivery declares queues that the broker has lost, but not one that is being removed."""
    with parts_with(environment, RABBITMQ_URL=AWAY):
        give_up(onboardings, ready)
    query("INSERT INTO queue_observations (consumer_id, present, observed_at)"
          " SELECT consumer_id, false, clock_timestamp() FROM consumers WHERE name = %(name)s",
          name=ready)  # fmt: skip

    run_schedule("redeliver")
    delete_queues(environment["RABBITMQ_URL"], ready)
    run_schedule("sweep_dead_letters")

    there = onboardings.there_is(ready)
    assert (there["queue"], there["dead_letter_queue"]) == (False, False)
    assert query("SELECT present FROM queue_observations") == [{"present": False}]
    onboardings.make_due()
    with onboardings.served():
        run_schedule("onboard")
    assert query("SELECT 1 FROM queue_observations") == []
    assert onboardings.nothing_is_left(ready)


def test_undone_onboarding_looks_like_no_restore(
    onboardings: Onboardings, ready: str, parts: Parts, query: Query
) -> None:
    """What the record outside the database knows and the database does not is a restore's sign."""
    parts.revocations.keep()
    with onboardings.served():
        give_up(onboardings, ready)
    query("UPDATE recovery SET record_version = 0")

    assert not parts.revocations.keep().forgotten


@pytest.mark.parametrize("state", ["undone", "done", "running"])
def test_functions_remove_no_other_consumer(
    bank: Bank, query: Query, environment: dict[str, str], state: str
) -> None:
    finished = "NULL" if state == "running" else "now()"
    query("INSERT INTO onboardings (consumer_id, consumer_name, state, wanted, request_id, finished_at)"
          f" VALUES (%(id)s, %(name)s, %(state)s, '{{}}', '', {finished})",
          id=bank.consumer_id, name=bank.name, state=state)  # fmt: skip

    _is_refused(environment, bank)


def test_functions_remove_no_consumer_with_a_key(
    bank: Bank, query: Query, environment: dict[str, str]
) -> None:
    query("INSERT INTO onboardings (consumer_id, consumer_name, state, wanted, request_id)"
          " VALUES (%(id)s, %(name)s, 'undoing', '{}', '')",
          id=bank.consumer_id, name=bank.name)  # fmt: skip

    _is_refused(environment, bank)


def _is_refused(environment: dict[str, str], bank: Bank) -> None:
    connection = psycopg2.connect(environment["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor, pytest.raises(psycopg2.Error, match="only"):
            cursor.execute("DELETE FROM consumers WHERE consumer_id = %s", (bank.consumer_id,))
    finally:
        connection.close()
