"""A bank's access to the broker: made, replaced, taken away, and what the state says meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pika
import pika.exceptions
import pytest

from chalicelib.banking.broker import administration
from chalicelib.banking.broker.access import username_of
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from chalicelib.banking.wiring import Parts
from fintegrate.messaging.management import (
    Management,
    ManagementRefused,
    ManagementUnavailable,
    hash_password,
)
from tests.support.api import Api, Reply
from tests.support.banking import Bank, forget_consumer, parts_with, together
from tests.support.broker import channel, drain, login_refusal
from tests.support.broker_admin import call_broker_admin, parameters_of, run_broker_admin
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule
from tests.support.waiting import eventually

AWAY = "http://admin:hidden-secret@127.0.0.1:9"
Make = Callable[[Bank], pika.URLParameters]


def make(admin: Api, bank: Bank, **fields: object) -> Reply:
    return admin.post("/consumer/broker-access", consumer_id=bank.consumer_id, **fields)


def state(admin: Api, bank: Bank) -> str:
    reply = admin.get("/consumer/broker-access", consumer_id=bank.consumer_id)
    assert reply.status == 200, reply
    return str(reply.data["state"])


def wait_for_the_end(connection: pika.BlockingConnection) -> None:
    """The broker closes the connection and says why."""
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker):
        eventually(lambda: connection.process_data_events(0.1), "the broker closes it")


def test_answer_has_all_a_bank_needs(
    admin: Api, bank: Bank, environment: dict[str, str], management: Management
) -> None:
    reply = make(admin, bank)

    assert reply.status == 201
    broker = urlsplit(environment["RABBITMQ_URL"])
    assert reply.data == {
        "username": f"consumer-{bank.name}",
        "password": reply.data["password"],
        "url": f"amqp://{broker.hostname}:{broker.port}{broker.path}",
        "queue": f"customer_notification_{bank.name}",
        "state": "pending",
    }
    assert len(reply.data["password"]) == 43
    run_broker_admin("settle")
    with pika.BlockingConnection(parameters_of(reply.data)) as connection:
        connection.channel().queue_declare(reply.data["queue"], passive=True)
    assert state(admin, bank) == "active"
    management.delete_user(f"consumer-{bank.name}")


def test_password_is_kept_nowhere(admin: Api, bank: Bank, query: Query) -> None:
    password = make(admin, bank).data["password"]

    for table in ("broker_access", "audit_log", "idempotency_keys", "customer_events"):
        assert password not in str(query(f"SELECT t::text FROM {table} t"))
    reply = bank.api.get("/consumer/broker-access", consumer_id=bank.consumer_id)
    assert password not in str(reply.body)


def test_idempotency_key_is_refused(admin: Api, bank: Bank) -> None:
    reply = admin(
        "POST",
        "/consumer/broker-access",
        {"consumer_id": bank.consumer_id},
        headers={"Idempotency-Key": "once"},
    )

    assert reply.status == 422
    assert "the answer holds a secret" in reply.description


def test_second_access_needs_rotate(admin: Api, bank: Bank, access: pika.URLParameters) -> None:
    with pika.BlockingConnection(access) as connection:
        refused = make(admin, bank)
        rotated = make(admin, bank, rotate=True)
        run_broker_admin("settle")

        assert (refused.status, rotated.status) == (409, 201)
        wait_for_the_end(connection)
    assert "ProbableAuthenticationError" in login_refusal(access)
    pika.BlockingConnection(parameters_of(rotated.data)).close()


def test_deleted_access_is_disconnected(admin: Api, bank: Bank, access: pika.URLParameters) -> None:
    connection = pika.BlockingConnection(access)

    reply = admin.delete("/consumer/broker-access", consumer_id=bank.consumer_id)

    assert (reply.status, reply.data) == (200, {"state": "revocation pending"})
    run_broker_admin("settle")
    assert state(admin, bank) == "revoked"
    wait_for_the_end(connection)
    assert "ProbableAuthenticationError" in login_refusal(access)
    again = admin.delete("/consumer/broker-access", consumer_id=bank.consumer_id)
    assert (again.status, again.data) == (200, {"state": "revoked"})


def test_deactivated_consumer_is_disconnected(
    admin: Api, bank: Bank, access: pika.URLParameters
) -> None:
    connection = pika.BlockingConnection(access)

    change_status(admin, bank, "deactivated")

    assert state(admin, bank) == "revocation pending"
    run_broker_admin("settle")
    wait_for_the_end(connection)
    assert "ProbableAuthenticationError" in login_refusal(access)
    assert make(admin, bank, rotate=True).status == 409


def test_activated_consumer_has_its_access_again(
    admin: Api, bank: Bank, access: pika.URLParameters
) -> None:
    for status in ("deactivated", "active"):
        change_status(admin, bank, status)
        run_broker_admin("settle")

    assert state(admin, bank) == "active"
    pika.BlockingConnection(access).close()


def change_status(admin: Api, bank: Bank, status: str) -> None:
    reply = admin.post("/consumer/change-status", consumer_id=bank.consumer_id, status=status)
    assert reply.status == 200, reply


def test_broker_away_leaves_revocation_pending(
    admin: Api, bank: Bank, access: pika.URLParameters, environment: dict[str, str]
) -> None:
    admin.delete("/consumer/broker-access", consumer_id=bank.consumer_id)

    with parts_with(environment, RABBITMQ_MANAGEMENT_URL=AWAY):
        assert run_broker_admin("observe") == {"messages": 1, "failed": 0}
    assert state(admin, bank) == "revocation pending"

    run_broker_admin("observe")
    assert state(admin, bank) == "revoked"
    assert "ProbableAuthenticationError" in login_refusal(access)


def test_lost_user_is_made_again(
    bank: Bank, access: pika.URLParameters, management: Management
) -> None:
    management.delete_user(username_of(bank.name))  # as a broker that was replaced has none

    run_broker_admin("observe")

    pika.BlockingConnection(access).close()


def test_foreign_password_is_put_right(
    bank: Bank, access: pika.URLParameters, management: Management
) -> None:
    management.put_user(username_of(bank.name), hash_password("somebody else's"))

    run_broker_admin("observe")

    pika.BlockingConnection(access).close()


def test_killed_run_is_made_good(
    admin: Api, bank: Bank, monkeypatch: pytest.MonkeyPatch, management: Management
) -> None:
    made = make(admin, bank).data
    with monkeypatch.context() as killed:
        killed.setattr(Management, "put_permissions", _dies)
        with pytest.raises(Exception, match="messages failed"):
            run_broker_admin("settle")
    assert state(admin, bank) == "pending"

    run_broker_admin("settle")

    assert state(admin, bank) == "active"
    with pika.BlockingConnection(parameters_of(made)) as connection:
        connection.channel().queue_declare(made["queue"], passive=True)
    management.delete_user(made["username"])


def _dies(*_: object) -> None:
    raise RuntimeError("killed here")


def test_password_changed_meanwhile_is_put(
    admin: Api, bank: Bank, monkeypatch: pytest.MonkeyPatch, management: Management
) -> None:
    make(admin, bank)
    newer: list[Reply] = []
    original = administration.Administration._bring_about

    def slowly(self: administration.Administration, *row: object) -> None:
        original(self, *row)  # type: ignore[arg-type]
        if not newer:
            newer.append(make(admin, bank, rotate=True))

    monkeypatch.setattr(administration.Administration, "_bring_about", slowly)
    run_broker_admin("settle")

    assert state(admin, bank) == "active"
    pika.BlockingConnection(parameters_of(newer[0].data)).close()
    management.delete_user(username_of(bank.name))


def test_runs_take_turns(
    admin: Api, bank: Bank, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(admin, bank)
    inside, release, most = [0], threading.Event(), [0]
    original = administration.Administration._bring_about

    def watched(self: administration.Administration, *row: object) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        release.wait(0.3)
        original(self, *row)  # type: ignore[arg-type]
        inside[0] -= 1

    monkeypatch.setattr(administration.Administration, "_bring_about", watched)
    runs = [threading.Thread(target=run_broker_admin, args=["observe"]) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert most == [1]
    admin.delete("/consumer/broker-access", consumer_id=bank.consumer_id)
    run_broker_admin("settle")


def test_second_run_leaves_its_work(
    admin: Api, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It neither waits nor comes back at once; the first run finds what it left."""
    make(admin, bank)
    original = administration.Administration._bring_about
    second: list[object] = []

    def meanwhile(self: administration.Administration, *row: object) -> None:
        original(self, *row)  # type: ignore[arg-type]
        if not second:
            make(admin, bank, rotate=True)
            second.extend(together([partial(run_broker_admin, "settle")]))

    monkeypatch.setattr(administration.Administration, "_bring_about", meanwhile)
    run_broker_admin("settle")

    assert second == [{"messages": 1, "failed": 0}]
    assert state(admin, bank) == "active"
    admin.delete("/consumer/broker-access", consumer_id=bank.consumer_id)
    run_broker_admin("settle")


@pytest.mark.parametrize("error", [ManagementRefused, ManagementUnavailable])
def test_refused_administrator_requeues_nothing(
    admin: Api, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object) -> None:
        raise error("401")

    monkeypatch.setattr(Management, "queues", refuse)

    assert run_broker_admin("observe") == {"messages": 1, "failed": 0}


def test_user_without_a_row_is_reported(
    admin: Api, bank: Bank, access: pika.URLParameters, query: Query, caplog: Any
) -> None:
    """As after the restore of a backup that is older than the access."""
    query("DELETE FROM broker_access")

    run_broker_admin("observe")

    assert f"the broker's user {username_of(bank.name)} is known to no consumer" in caplog.text
    pika.BlockingConnection(access).close()


def test_queue_without_a_consumer_is_reported(
    make_bank: Callable[[], Bank], query: Query, rabbitmq_url: str, caplog: Any
) -> None:
    """As after the restore of a backup that is older than the bank. What the queue holds stays."""
    bank, gone = make_bank(), make_bank()
    gone.create_customer()
    forget_consumer(query, gone.consumer_id)

    run_broker_admin("observe")

    for queue in (queue_name, dead_letter_queue_name):
        assert f"the queue {queue(gone.name)} belongs to no consumer" in caplog.text
        assert f"the queue {queue(bank.name)} belongs" not in caplog.text
    assert len(drain(rabbitmq_url, gone.name)) == 1


def test_observation_says_who_is_connected(
    admin: Api, bank: Bank, access: pika.URLParameters
) -> None:
    assert read(admin, bank)["connected"] is None

    with pika.BlockingConnection(access):
        eventually(lambda: _seen_connected(admin, bank), "the broker's statistics know it")

    assert read(admin, bank)["connection_count"] == 1


def _seen_connected(admin: Api, bank: Bank) -> bool:
    run_broker_admin("observe")
    return bool(read(admin, bank)["connected"])


def read(admin: Api, bank: Bank) -> dict[str, object]:
    return dict(admin.get("/consumer/broker-access", consumer_id=bank.consumer_id).data)


def test_observation_keeps_the_queues_figures(admin: Api, bank: Bank, query: Query) -> None:
    bank.create_customer()

    def seen() -> bool:
        run_broker_admin("observe")
        rows = query(
            "SELECT ready FROM queue_observations WHERE consumer_id = %(id)s", id=bank.consumer_id
        )
        return bool(rows) and rows[0]["ready"] == 1

    eventually(seen, "the broker has counted")


def test_nudge_declares_its_queue(parts: Parts, admin: Api, bank: Bank, rabbitmq_url: str) -> None:
    with channel(rabbitmq_url) as ch:
        ch.queue_delete("broker_admin")

    assert run_schedule("observe_broker")["nudged"] is True

    with channel(rabbitmq_url) as ch:
        assert ch.queue_declare("broker_admin", passive=True).method.queue == "broker_admin"


def test_tenant_reads_only_its_own(admin: Api, bank: Bank, make_bank: Callable[[], Bank]) -> None:
    other = make_bank()
    make(admin, bank)

    own = bank.api.get("/consumer/broker-access", consumer_id=bank.consumer_id)
    foreign = other.api.get("/consumer/broker-access", consumer_id=bank.consumer_id)

    assert (own.status, foreign.status) == (200, 404)


def test_consumer_without_access_has_none(admin: Api, bank: Bank) -> None:
    for method in ("GET", "DELETE"):
        fields = {"consumer_id": bank.consumer_id}
        query, body = (fields, None) if method == "GET" else ({}, fields)
        assert admin(method, "/consumer/broker-access", body, query=query).status == 404


def test_platform_user_needs_no_tag(
    parts: Parts,
    environment: dict[str, str],
    management: Management,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = environment["RABBITMQ_URL"].rpartition("@")[2]
    url = f"amqp://test-platform:first%20word@{where}"
    for name, value in {**environment, "RABBITMQ_URL": url}.items():
        monkeypatch.setenv(name, value)

    assert call_broker_admin({"platform_user": True}) == {"user": "test-platform"}

    with parts_with(environment, RABBITMQ_URL=url) as theirs:
        theirs.publisher.ping(5)
        assert run_schedule("observe_broker")["nudged"] is True
    management.delete_user("test-platform")


def test_administrator_never_becomes_platform_user(
    parts: Parts, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = urlsplit(environment["RABBITMQ_MANAGEMENT_URL"]).username
    where = environment["RABBITMQ_URL"].rpartition("@")[2]
    changed = {**environment, "RABBITMQ_URL": f"amqp://{administrator}:word@{where}"}
    for name, value in changed.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ValueError, match="names no user of its own"):
        call_broker_admin({"platform_user": True})


def test_administrators_password_is_replaced(
    parts: Parts,
    environment: dict[str, str],
    management: Management,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    management.put_user("test-administrator", hash_password("old"), tags="administrator")
    where = environment["RABBITMQ_MANAGEMENT_URL"].rpartition("@")[2]
    url = f"http://test-administrator:{{}}@{where}"
    for name, value in {**environment, "RABBITMQ_MANAGEMENT_URL": url.format("old")}.items():
        monkeypatch.setenv(name, value)

    call_broker_admin({"administrators_password_hash": hash_password("new")})

    assert "test-administrator" in Management(url.format("new")).password_hashes()
    management.delete_user("test-administrator")
