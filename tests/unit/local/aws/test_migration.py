"""The functions that run before all others, and in which order."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from local.aws.migration import SchemaNotMigrated, migrate


class Lambda:
    """Stands for AWS's Lambda: answers each function as it is told, and remembers who was called."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.called: list[str] = []

    def get_waiter(self, _name: str) -> Lambda:
        return self

    def wait(self, **_function: str) -> None:
        """It is there."""

    def invoke(self, **call: Any) -> dict[str, Any]:
        name = call["FunctionName"].removeprefix("fintegrate-letters-dev-").replace("-", "_")
        self.called.append(name)
        said = self.answers[name]
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in said else {}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **failed}


def test_virtual_host_is_made_first() -> None:
    client = Lambda(
        prepare_broker={"prepared": ["letters"]},
        prepare_database={"prepared": ["LETTERS_DATABASE_URL"]},
        migrate={"applied": ["001_initial.up.sql"]},
    )

    assert migrate(client, "letters", "dev", has_own_broker=True) == ["001_initial.up.sql"]

    assert client.called == ["prepare_broker", "prepare_database", "migrate"]


def test_system_without_one_makes_none() -> None:
    client = Lambda(prepare_database={"prepared": []}, migrate={"applied": []})

    migrate(client, "letters", "dev")

    assert client.called == ["prepare_database", "migrate"]


def test_refusing_broker_stops_the_deployment() -> None:
    client = Lambda(prepare_broker={"errorMessage": "PUT /api/vhosts/app: 401 not_authorised"})

    with pytest.raises(SchemaNotMigrated, match=r"the broker's user was not made: PUT .* 401"):
        migrate(client, "letters", "dev", has_own_broker=True)

    assert client.called == ["prepare_broker"]
