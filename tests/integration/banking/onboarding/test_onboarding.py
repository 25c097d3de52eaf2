"""POST /consumer/onboard: a bank with all that it needs, in one call."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pika
import pytest

from chalicelib.banking.consumer.onboarding_models import NewOnboarding
from tests.integration.banking.onboarding.onboarded import AWAY, Killed, Onboardings, dies
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with, together
from tests.support.broker import drain
from tests.support.broker_admin import parameters_of
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)


def test_one_call_makes_a_bank(onboardings: Onboardings, query: Query) -> None:
    name = onboardings.new_name()

    with onboardings.served():
        reply = onboardings.post(name, display_name="Bank of the North", expires_in_days=30)

    assert reply.status == 201, reply
    made = reply.data
    assert made["state"] == "done"
    assert [step["name"] for step in made["steps"]] == ["consumer", "queues", "broker_user", "key"]
    assert {step["state"] for step in made["steps"]} == {"done"}
    assert made["broker_access"]["state"] == "active"
    bank = onboardings.admin.with_key(made["api_key"])
    assert bank.post("/customer/data", name="Jane Roe").status == 201
    with pika.BlockingConnection(parameters_of(made["broker_access"])) as connection:
        connection.channel().queue_declare(made["broker_access"]["queue"], passive=True)
    assert len(drain(onboardings.environment["RABBITMQ_URL"], name)) == 1
    (row,) = query("SELECT display_name FROM consumers WHERE name = %(name)s", name=name)
    assert row["display_name"] == "Bank of the North"


def test_bank_that_is_called_needs_no_queue(onboardings: Onboardings, query: Query) -> None:
    name, url = onboardings.new_name(), "https://93.184.216.34/events"
    wanted = {"delivery": "webhook", "url": url, "message_format": "xml", "max_in_flight": 3}

    with onboardings.served():
        reply = onboardings.post(name, **wanted)

    assert reply.status == 201, reply
    made = reply.data
    assert [step["name"] for step in made["steps"]] == ["consumer", "queues", "key"]
    assert "broker_access" not in made
    secret = made["webhook_secret"]
    assert secret.startswith("whsec_")
    shown = onboardings.admin.get("/consumer/delivery", consumer_id=made["consumer_id"]).data
    assert (shown["delivery"], shown["url"], shown["max_in_flight"]) == ("webhook", url, 3)
    (row,) = query("SELECT message_format FROM consumers WHERE name = %(name)s", name=name)
    assert row["message_format"] == "xml"
    kept = [query(f"SELECT t::text FROM {row['relname']} t") for row in query(TABLES)]
    assert secret.removeprefix("whsec_") not in str(kept)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"delivery": "webhook"}, "url is required"),
        ({"url": "https://bank.example/events"}, "only go with a webhook"),
        ({"delivery": "webhook", "url": "https://127.0.0.1/events"}, "url: "),
    ],
)
def test_way_that_cannot_be_is_refused(
    onboardings: Onboardings, wanted: dict[str, str], words: str, query: Query
) -> None:
    reply = onboardings.post(onboardings.new_name(), **wanted)

    assert reply.status == 422
    assert words in reply.description
    assert query("SELECT FROM onboardings") == []


def where_kept(query: Query, words: str) -> list[str]:
    """The tables that have these words."""
    tables = [str(row["relname"]) for row in query(TABLES)]
    return [name for name in tables if words in str(query(f"SELECT t::text FROM {name} t"))]


def test_query_of_an_address_does_not_outlive_it(
    onboardings: Onboardings, query: Query, environment: dict[str, str]
) -> None:
    """A bank's address may have a secret of its own in the query."""
    name, word = onboardings.new_name(), "of-the-bank"
    wanted = {"delivery": "webhook", "url": f"https://93.184.216.34/events?token={word}"}
    with parts_with(environment, RABBITMQ_URL=AWAY):
        assert onboardings.post(name, **wanted).status == 202
    assert where_kept(query, word) == ["onboardings"]

    with onboardings.served():
        assert onboardings.post(name, **wanted).status == 201

    assert where_kept(query, word) == ["webhooks"]
    details = str(query("SELECT details FROM audit_log"))
    assert "https://93.184.216.34/events" in details
    given_up = onboardings.new_name()
    with parts_with(environment, RABBITMQ_URL=AWAY):
        onboardings.post(given_up, **wanted)
    whose = {"consumer_id": onboardings.read(given_up)["consumer_id"]}
    assert onboardings.admin.delete("/consumer/onboard", **whose, reason="no").status in {200, 202}
    onboardings.make_due()
    run_schedule("onboard")
    assert onboardings.read(given_up)["state"] == "undone"
    assert where_kept(query, word) == ["webhooks"]


@pytest.mark.parametrize("delivery", ["queue", "webhook"])
def test_unfinished_bank_is_left_to_its_onboarding(
    onboardings: Onboardings, environment: dict[str, str], query: Query, delivery: str
) -> None:
    """What somebody else chooses or makes meanwhile would be left behind, or its secret swallowed."""
    name, url = onboardings.new_name(), "https://93.184.216.34/events"
    wanted = {"delivery": delivery, **({"url": url} if delivery == "webhook" else {})}
    with parts_with(environment, RABBITMQ_URL=AWAY):
        assert onboardings.post(name, **wanted).status == 202
    whose = {"consumer_id": onboardings.read(name)["consumer_id"]}

    refused = [
        onboardings.admin.post("/consumer/delivery", **whose, delivery="webhook", url=url),
        onboardings.admin.post("/consumer/delivery", **whose, delivery="queue"),
        onboardings.admin.post("/consumer/broker-access", **whose),
        onboardings.admin.post("/consumer/offboard", **whose, reason="it leaves"),
        onboardings.admin.post("/consumer/offboard", **whose, dry_run=True),
    ]

    assert [reply.status for reply in refused] == [409] * 5
    assert {"onboarding is not finished" in reply.description for reply in refused} == {True}
    for table in ("webhooks", "broker_access", "offboardings"):
        assert query(f"SELECT FROM {table}") == []
    with onboardings.served():
        made = onboardings.post(name, **wanted)
    assert made.status == 201, made
    assert made.data["webhook_secret" if delivery == "webhook" else "broker_access"]


def test_admin_is_told_once_when_done(onboardings: Onboardings, query: Query) -> None:
    name = onboardings.new_name()
    told = "SELECT publish_status FROM customer_events WHERE event_type = 'consumer_created'"

    assert onboardings.post(name).status == 202
    assert query(told) == []
    with onboardings.served():
        assert onboardings.post(name).status == 201

    assert query(told) == [{"publish_status": "published"}]


def test_secrets_are_in_the_answer_only(
    onboardings: Onboardings, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with onboardings.served():
        reply = onboardings.post(onboardings.new_name())

    secrets = [reply.data["api_key"].rpartition("_")[2], reply.data["broker_access"]["password"]]
    kept = [query(f"SELECT t::text FROM {row['relname']} t") for row in query(TABLES)]
    read = onboardings.read(reply.data["consumer_name"])
    listed = onboardings.admin.get("/consumer/onboardings").body
    for secret in secrets:
        assert secret not in f"{kept}{read}{listed}{caplog.text}"


def test_audit_log_names_the_bank(onboardings: Onboardings, query: Query) -> None:
    name = onboardings.new_name()

    onboardings.post(name)

    (row,) = query("SELECT * FROM audit_log WHERE action = 'POST /consumer/onboard'")
    assert row["status_code"] == 202
    assert str(row["subject_consumer_id"]) == onboardings.read(name)["consumer_id"]
    assert row["details"]["consumer_name"] == name  # type: ignore[index]


def test_tenant_may_not_onboard(bank: Bank, onboardings: Onboardings) -> None:
    onboardings.post(onboardings.new_name())

    replies = [
        bank.api.post("/consumer/onboard", consumer_name=onboardings.new_name()),
        bank.api.get("/consumer/onboard", consumer_name=onboardings.names[0]),
        bank.api.get("/consumer/onboardings"),
        bank.api.delete("/consumer/onboard", consumer_id=bank.consumer_id),
    ]

    assert [reply.status for reply in replies] == [403] * 4


def test_idempotency_key_is_refused(admin: Api) -> None:
    body = {"consumer_name": "never_onboarded"}

    reply = admin("POST", "/consumer/onboard", body, headers={"Idempotency-Key": "once"})

    assert reply.status == 422
    assert "the answer holds a secret" in reply.description


def test_taken_name_is_refused(onboardings: Onboardings, bank: Bank, query: Query) -> None:
    for name in (bank.name, "system_default"):
        reply = onboardings.post(name)

        assert (reply.status, reply.description) == (
            409,
            f"A consumer named {name} exists; choose another name",
        )
    assert query("SELECT 1 FROM onboardings") == []


def test_lost_answer_is_made_good(
    onboardings: Onboardings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = onboardings.new_name()
    with onboardings.served():
        with monkeypatch.context() as killed:
            dies(killed, "chalicelib.banking.onboarding.onboarding.Onboarding._finish")
            with pytest.raises(Killed):
                onboardings.post(name)

        again = onboardings.post(name)

    assert again.status == 409
    assert "send rotate: true to POST /consumer/api-key" in again.description
    consumer_id = onboardings.read(name)["consumer_id"]
    for path in ("/consumer/api-key", "/consumer/broker-access"):
        assert onboardings.admin.post(path, consumer_id=consumer_id, rotate=True).status == 201


def test_other_fields_are_refused(onboardings: Onboardings) -> None:
    name = onboardings.new_name()
    onboardings.post(name, expires_in_days=30)

    reply = onboardings.post(name, expires_in_days=31)

    assert reply.status == 409
    assert "with other fields is not finished" in reply.description


ASKED = [
    {"delivery": "queue", "display_name": "Bank of the North", "expires_in_days": 30},
    {
        "delivery": "webhook",
        "url": "https://93.184.216.34/events",
        "max_in_flight": 3,
        "timeout_seconds": 7,
        "message_format": "xml",
    },
]


@pytest.mark.parametrize("asked", ASKED, ids=["queue", "webhook"])
def test_what_it_tells_gets_the_secrets(onboardings: Onboardings, asked: dict[str, object]) -> None:
    """Whoever finds an onboarding can finish it: what was asked for is told, and sent again."""
    name = onboardings.new_name()
    with parts_with(onboardings.environment, RABBITMQ_URL=AWAY):
        onboardings.post(name, **asked)
    told = onboardings.read(name)

    fields = NewOnboarding.model_fields.keys() - {"consumer_name"}
    again = {field: told[field] for field in fields if told[field] is not None}
    with onboardings.served():
        reply = onboardings.post(name, **again)

    assert reply.status == 201, reply
    assert asked.items() <= told.items()
    (listed,) = onboardings.admin.get("/consumer/onboardings").data["onboardings"]
    kept = {**asked, "url": None}  # once it is done, the webhook has the address
    assert kept.items() <= listed.items()


def test_two_callers_make_one_bank(onboardings: Onboardings, query: Query) -> None:
    name = onboardings.new_name()

    with onboardings.served():
        replies = together([partial(onboardings.post, name) for _ in range(2)])

    statuses = sorted(reply.status for reply in replies)
    assert statuses in ([201, 202], [201, 409])
    assert len(query("SELECT 1 FROM onboardings")) == 1
    assert len(query("SELECT 1 FROM consumer_api_keys k JOIN consumers c USING (consumer_id)"
                     " WHERE c.name = %(name)s", name=name)) == 1  # fmt: skip
    (winner,) = (reply for reply in replies if reply.status == 201)
    key = winner.data["api_key"]
    assert onboardings.admin.with_key(key).get("/customer/list").status == 200


def test_key_by_hand_waits_for_the_end(onboardings: Onboardings) -> None:
    name = onboardings.new_name()
    onboardings.post(name)
    consumer_id = onboardings.read(name)["consumer_id"]

    for fields in ({}, {"dry_run": True}):
        reply = onboardings.admin.post("/consumer/api-key", consumer_id=consumer_id, **fields)

        assert reply.status == 409
        assert "onboarding is not finished" in reply.description


def test_full_house_is_refused(onboardings: Onboardings, bank: Bank) -> None:
    with onboardings.served(MAX_CONSUMERS="2"):
        reply = onboardings.post(onboardings.new_name())

    assert reply.status == 409
    assert "raise MAX_CONSUMERS" in reply.description


def test_list_has_pages(onboardings: Onboardings) -> None:
    names = [onboardings.new_name() for _ in range(3)]
    for name in names:
        onboardings.post(name)

    def page(**fields: object) -> Reply:
        return onboardings.admin.get("/consumer/onboardings", limit=2, **fields)

    first = page()
    second = page(cursor=first.data["next_cursor"])
    found = [*first.data["onboardings"], *second.data["onboardings"]]
    assert [each["consumer_name"] for each in found] == names[::-1]
    assert second.data["next_cursor"] is None
    assert page(state="done").data["onboardings"] == []


@pytest.mark.parametrize("fields", [{}, {"consumer_name": "a", "consumer_id": str(uuid.uuid4())}])
def test_question_names_one_onboarding(admin: Api, fields: dict[str, Any]) -> None:
    assert admin.get("/consumer/onboard", **fields).status == 422


def test_unknown_onboarding_is_absent(admin: Api, make_bank: Callable[[], Bank]) -> None:
    bank = make_bank()

    for fields in ({"consumer_id": bank.consumer_id}, {"consumer_name": bank.name}):
        assert admin.get("/consumer/onboard", **fields).status == 404


def test_schedule_finds_nothing_to_do(admin: Api) -> None:
    assert set(run_schedule("onboard").values()) == {0}
