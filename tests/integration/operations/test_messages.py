"""The messages that are really composed fit the models and schemas that consumers build from."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.banking.events.message import compose
from chalicelib.banking.events.message_models import MESSAGES, MessageHeaders
from chalicelib.banking.events.topology import EVENT_TYPES
from local.banking.documents.message_schemas import message_schema
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def composed(query: Query) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Body and headers of one message of each event type in the database."""
    rows = query(
        "SELECT e.*, event_id::text, customer_id::text, c.name AS consumer_name, 7 AS epoch,"
        " c.message_format"
        " FROM customer_events e JOIN consumers c USING (consumer_id)"
    )
    messages = [compose(row) for row in rows]
    return {
        str(m.properties.type): (json.loads(m.body), dict(m.properties.headers or {}))
        for m in messages
    }


def test_messages_fit_models_and_schemas(bank: Bank, query: Query) -> None:
    customer_id = bank.create_customer("Żółć & Söhne")
    traced = {"headers": {"traceparent": TRACE}}
    changed = {"customer_id": customer_id, "status": "INACTIVE"}
    assert bank.api("PATCH", "/customer/change-status", changed, **traced).status == 200
    assert bank.api.delete("/customer/data", customer_id=customer_id).status == 200

    found = composed(query)

    assert set(found) == set(EVENT_TYPES) == set(MESSAGES)
    for event_type, (body, headers) in found.items():
        MESSAGES[event_type].model_validate_json(json.dumps(body), strict=True)
        Draft202012Validator(message_schema(event_type)).validate(body)
        MessageHeaders.model_validate_json(json.dumps(headers), strict=True)
    assert {body["metadata"]["epoch"] for body, _ in found.values()} == {7}
    assert found["customer_status_change"][1]["traceparent"] == TRACE


def test_models_name_every_message_field(admin: Api, bank: Bank, query: Query) -> None:
    bank.create_customer()

    for event_type, (body, headers) in composed(query).items():
        message = MESSAGES[event_type].model_validate(body)
        assert message.model_extra == message.metadata.model_extra == {}
        assert message.data.model_extra == {}  # type: ignore[attr-defined]
        assert MessageHeaders.model_validate(headers).model_extra == {}


def test_later_minor_versions_are_accepted() -> None:
    schema = message_schema("customer_creation")
    message = schema["examples"][0]
    later = {
        **message,
        "schema_version": "1.7",
        "new": 1,
        "data": {**message["data"], "new": []},
        "metadata": {**message["metadata"], "new": {}},
    }

    Draft202012Validator(schema).validate(later)


def test_another_major_version_does_not_fit() -> None:
    schema = message_schema("customer_creation")
    other = {**schema["examples"][0], "schema_version": "2.0"}

    assert not Draft202012Validator(schema).is_valid(other)
