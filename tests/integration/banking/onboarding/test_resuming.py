"""An onboarding goes on after whatever stopped it."""

from __future__ import annotations

import pytest

from tests.integration.banking.onboarding.onboarded import (
    ALL,
    AWAY,
    Killed,
    Onboardings,
    dies_at,
)
from tests.support.banking import parts_with
from tests.support.broker_admin import run_broker_admin
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

STEPS = ("consumer", "queues", "broker_user", "key")


@pytest.mark.parametrize("noted", [False, True], ids=["before its note", "after its note"])
@pytest.mark.parametrize("step", STEPS)
def test_crash_at_a_step_is_resumed(
    onboardings: Onboardings, monkeypatch: pytest.MonkeyPatch, step: str, noted: bool
) -> None:
    name = onboardings.new_name()
    with onboardings.served():
        with monkeypatch.context() as killed:
            dies_at(killed, "note_done", step, noted=noted)
            with pytest.raises(Killed):
                onboardings.post(name)
        assert onboardings.post(name).status == 202  # the dead worker's lease
        onboardings.make_due()

        run_schedule("onboard")
        assert onboardings.read(name)["state"] == "ready"
        reply = onboardings.post(name)

    assert reply.status == 201, reply
    assert onboardings.admin.with_key(reply.data["api_key"]).get("/customer/list").status == 200
    assert all(onboardings.there_is(name).values())


def test_broker_may_come_back(onboardings: Onboardings, environment: dict[str, str]) -> None:
    name = onboardings.new_name()
    with parts_with(environment, RABBITMQ_URL=AWAY):
        reply = onboardings.post(name)
        assert (reply.status, reply.data["state"]) == (202, "running")
        assert [step["state"] for step in reply.data["steps"]] == ["done", "open", "open", "open"]
        assert "the broker does not answer" in reply.data["reason"]
        assert "hidden-secret" not in str(reply.body)
        assert "api_key" not in reply.data
        onboardings.make_due()
        assert run_schedule("onboard")["running"] == 1

    assert run_schedule("onboard")["running"] == 0  # it waits
    onboardings.make_due()
    with onboardings.served():
        assert run_schedule("onboard")["ready"] == 1
        assert onboardings.post(name).status == 201


def test_user_of_the_broker_may_come_late(onboardings: Onboardings) -> None:
    name = onboardings.new_name()
    first = onboardings.post(name)
    run_broker_admin("settle")

    second = onboardings.post(name)

    assert (first.status, second.status) == (202, 201)
    assert first.data["reason"] == "the broker has not made the bank's user yet"
    run_broker_admin("settle")


def test_leased_onboarding_is_left_alone(onboardings: Onboardings, query: Query) -> None:
    name = onboardings.new_name()
    onboardings.post(name)
    query("UPDATE onboardings SET look_at = NULL, worker_id = gen_random_uuid(),"
          " lease_until = clock_timestamp() + interval '1 minute'")  # fmt: skip

    assert set(run_schedule("onboard").values()) == {0}
    assert onboardings.post(name).status == 202


def test_frozen_worker_writes_nothing(
    onboardings: Onboardings, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker has taken its onboarding over while it did a step."""
    from chalicelib.banking.onboarding.steps import OnboardingSteps

    name = onboardings.new_name()
    declare = OnboardingSteps._declare

    def slowly(steps: OnboardingSteps, row: dict[str, object]) -> None:
        declare(steps, row)
        query("UPDATE onboardings SET worker_id = gen_random_uuid()")

    monkeypatch.setattr(OnboardingSteps, "_declare", slowly)

    reply = onboardings.post(name)

    assert reply.status == 202
    assert [step["state"] for step in reply.data["steps"]] == ["done", "open", "open", "open"]


def test_waits_grow_and_tries_end(
    onboardings: Onboardings, query: Query, environment: dict[str, str]
) -> None:
    name = onboardings.new_name()
    waits = "SELECT tries, round(extract(epoch FROM look_at - updated_at)) AS s FROM onboardings"
    with parts_with(environment, RABBITMQ_URL=AWAY):
        for _ in range(2):
            onboardings.post(name)  # a caller's tries do not count
        assert query(waits) == [{"tries": 0, "s": 50}]
        for tries, seconds in ((1, 50), (2, 100), (3, 200)):
            onboardings.make_due()
            run_schedule("onboard")
            assert query(waits) == [{"tries": tries, "s": seconds}]
        query("UPDATE onboardings SET tries = 99, look_at = NULL")
        run_schedule("onboard")
        assert onboardings.read(name)["state"] == "undoing"
    onboardings.make_due()
    run_schedule("onboard")

    reply = onboardings.read(name)
    assert reply["state"] == "undone"
    assert "100 tries in vain" in str(reply["reason"])
    assert onboardings.nothing_is_left(name)


def test_defect_is_tried_again(onboardings: Onboardings, monkeypatch: pytest.MonkeyPatch) -> None:
    name = onboardings.new_name()
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.banking.onboarding.steps.declare", lambda *_: 1 / 0)
        reply = onboardings.post(name)

    assert (reply.status, reply.data["state"]) == (202, "running")
    assert reply.data["reason"] == "a defect: ZeroDivisionError; the log has it"
    with onboardings.served():
        assert onboardings.post(name).status == 201


def test_deactivated_consumer_gets_no_secrets(onboardings: Onboardings) -> None:
    name = onboardings.new_name()
    onboardings.post(name)
    run_broker_admin("settle")
    onboardings.make_due()
    assert run_schedule("onboard")["ready"] == 1
    consumer_id = onboardings.read(name)["consumer_id"]

    def change(status: str) -> None:
        fields = {"consumer_id": consumer_id, "status": status}
        assert onboardings.admin.post("/consumer/change-status", **fields).status == 200

    change("deactivated")
    refused = onboardings.post(name)
    change("active")

    assert refused.status == 409
    assert "activate it first" in refused.description
    assert onboardings.read(name)["state"] == "ready"
    assert onboardings.post(name).status == 201
    run_broker_admin("settle")


def test_every_step_has_its_crash() -> None:
    assert STEPS == ALL
