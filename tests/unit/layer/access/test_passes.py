"""What lets an operator of the console look at another system."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import time_machine

from fintegrate.access.caller import Caller, Refused
from fintegrate.access.passes import SECONDS, ByPass, Passes
from fintegrate.settings import SettingsError

SECRET = "a secret of these tests, 32 characters"
PERSON = Caller(
    "the admin", "admin", "its key", True, actor="Ann Ω", session_id="7c9e", read_only=True
)
PASSES = Passes("PASS_KEY", SECRET)
RELAY = ByPass(PASSES, "relay", role="admin")


class Sent:
    """A request with a pass."""

    source_ip = "192.0.2.1"

    def __init__(self, token: str | None) -> None:
        self._token = token

    def header(self, name: str) -> str | None:
        return self._token if name == "x-console-pass" else None


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_pass_says_who_looks() -> None:
    caller = RELAY.authenticate(Sent(PASSES.issue("relay", PERSON).token))

    assert (caller.is_admin, caller.role) == (True, "admin")
    assert (caller.actor, caller.session_id, caller.read_only) == ("Ann Ω", "7c9e", True)
    assert caller.key_id == "console:7c9e"


def test_pass_ends_after_minutes() -> None:
    with time_machine.travel(1_000_000, tick=False) as clock:
        issued = PASSES.issue("relay", PERSON)
        assert issued.ends == 1_000_000 + SECONDS
        clock.shift(SECONDS - 1)
        RELAY.authenticate(Sent(issued.token))
        clock.shift(1)
        with pytest.raises(Refused, match="over or not valid"):
            RELAY.authenticate(Sent(issued.token))


def forged() -> dict[str, str | None]:
    token = PASSES.issue("relay", PERSON).token
    head, claims, signature = token.split(".")
    unsigned = encoded({"alg": "none", "typ": "pass+jwt"})
    ours = {"aud": "relay", "sub": "x", "sid": "x", "read_only": False, "exp": 2**40}
    return {
        "missing": None,
        "empty": "",
        "words": "a b c",
        "two parts": f"{head}.{claims}",
        "another system's": PASSES.issue("appevents", PERSON).token,
        "another secret's": Passes("PASS_KEY", SECRET[::-1]).issue("relay", PERSON).token,
        "no algorithm": f"{unsigned}.{claims}.",
        "other claims": f"{head}.{encoded(ours)}.{signature}",
        "longer": f"{token}A",
        "not ASCII": f"{head}.{claims}.{signature[:-1]}é",
        "huge": f"{head}.{'A' * 5000}.{signature}",
    }


@pytest.mark.parametrize("kind", forged())
def test_other_passes_are_refused(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        RELAY.authenticate(Sent(forged()[kind]))

    assert refused.value.error.status == 401
    assert refused.value.key_id is None  # what anybody can make up is not audited


def test_pass_key_must_be_long() -> None:
    with pytest.raises(SettingsError, match="PASS_KEY must have at least 32 bytes"):
        Passes("PASS_KEY", "short")
