"""POST /consumer/onboard: a bank with all that it needs, in one call."""

from __future__ import annotations

import pika

from tests.integration.banking.onboarding.onboarded import Onboardings
from tests.support.broker import drain
from tests.support.broker_admin import parameters_of


def test_one_call_makes_a_bank(onboardings: Onboardings) -> None:
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
    access = made["broker_access"]
    with pika.BlockingConnection(parameters_of(access)) as connection:
        connection.channel().queue_declare(access["queue"], passive=True)
    assert len(drain(onboardings.environment["RABBITMQ_URL"], name)) == 1
