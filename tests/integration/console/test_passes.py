"""GET /console/pass: who gets a pass for which system, and what it says of them."""

from __future__ import annotations

import pytest

from fintegrate.access.caller import Refused
from fintegrate.access.passes import ByPass, Passes
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.console import ANN, sign_in


class Sent:
    """A request with a pass."""

    source_ip = "192.0.2.1"

    def __init__(self, token: str) -> None:
        self._token = token

    def header(self, name: str) -> str | None:
        return self._token if name == "x-console-pass" else None


@pytest.mark.parametrize("read_only", [False, True])
def test_pass_has_the_sessions_rights(
    admin: Api, environment: dict[str, str], read_only: bool
) -> None:
    visitor = sign_in(admin, read_only=read_only)
    passes = Passes("CONSOLE_PASS_KEY", environment["CONSOLE_PASS_KEY"])

    token = visitor.get("/console/pass", system="appevents").data["token"]

    caller = ByPass(passes, "appevents").authenticate(Sent(token))
    assert (caller.actor, caller.is_admin, caller.read_only) == (ANN, True, read_only)
    with pytest.raises(Refused):
        ByPass(passes, "relay").authenticate(Sent(token))


def test_nobody_else_gets_a_pass(admin: Api, bank: Bank) -> None:
    assert sign_in(bank.api).get("/console/pass", system="relay").status == 403
    assert admin.get("/console/pass", system="relay").status == 403  # no person is behind a key
    assert admin.with_key(None).get("/console/pass", system="relay").status == 401


def test_pass_is_for_a_shown_system(admin: Api, environment: dict[str, str]) -> None:
    visitor = sign_in(admin)

    assert visitor.get("/console/pass", system="banking").status == 422
    with parts_with(environment, CONSOLE_SYSTEMS="relay"):
        shown = visitor.get("/console/session").data["systems"]
        assert [each["name"] for each in shown] == ["banking", "relay"]
        assert visitor.get("/console/pass", system="appevents").status == 404
        assert sign_in(admin).get("/console/pass", system="relay").status == 200
