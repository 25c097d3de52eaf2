"""Who may call, while somebody guesses passwords."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import bcrypt
import pytest

from chalicelib.relay import wiring
from local.banking.in_process import api_event, invoke
from tests.integration.relay.conftest import basic


@pytest.fixture
def user(environment: dict[str, str]) -> str:
    """A user of this test alone, because wrong passwords are counted for all processes."""
    name = f"oms-{uuid.uuid4()}"
    hashes = [bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()]
    environment["RELAY_USERS"] = json.dumps({name: {"hashes": hashes, "role": "admin"}})
    return name


def ask(user: str, password: str) -> int:
    answer = invoke(
        api_event("GET", "/admin/v1/lanes", basic(user, password), b"", "", "127.0.0.1")
    )
    return int(answer["statusCode"])


def test_guessing_locks_no_user_out(
    user: str, environment: dict[str, str], call: Callable[..., object]
) -> None:
    assert ask(user, "right") == 200

    wiring.parts().close()
    wiring.use(wiring.build(environment))  # another process
    guesses = [ask(user, f"wrong{number}") for number in range(8)]

    assert guesses == [401] * 5 + [429] * 3
    assert ask(user, "right") == 200
