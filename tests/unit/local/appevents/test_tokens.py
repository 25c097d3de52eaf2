"""Tokens that the functions of a checkout accept."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import jwt
import pytest

from local.appevents.tokens import (
    NoTokens,
    make_token,
    ready_to_paste,
    user_id,
    user_of,
    with_users,
)
from local.machine.checkout import Checkout
from local.services.installation import Installation
from local.services.running import RunningServices

SETTINGS = {
    "JWT_ISSUER": "https://issuer.example",
    "JWT_AUDIENCE": "app.events",
    "JWT_SHARED_SECRET": "s" * 32,
}
ALICE = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, SETTINGS["JWT_SHARED_SECRET"], ["HS256"], audience="app.events"))


def test_token_says_who_and_until_when() -> None:
    said = claims(make_token(SETTINGS, ALICE, hours=8))

    assert (said["sub"], said["iss"]) == (ALICE, SETTINGS["JWT_ISSUER"])
    assert said["exp"] - said["iat"] == 8 * 3600
    assert abs(said["iat"] - time.time()) < 60


@pytest.mark.parametrize(
    "changed", [{"JWT_JWKS_URL": "https://issuer.example/keys"}, {"JWT_SHARED_SECRET": ""}]
)
def test_another_issuer_makes_its_own(changed: dict[str, str]) -> None:
    with pytest.raises(NoTokens):
        make_token({**SETTINGS, **changed}, ALICE, hours=1)


def test_user_is_a_uuid() -> None:
    assert user_id(ALICE.upper()) == ALICE
    assert uuid.UUID(user_id("")) != uuid.UUID(user_id(""))
    with pytest.raises(NoTokens):
        user_id("alice")


def test_users_are_announced_and_no_setting(tmp_path: Path) -> None:
    installed = Installation(Checkout(tmp_path), cast(RunningServices, None), SETTINGS)

    said = with_users(installed)

    assert said.environment == SETTINGS
    assert said.said_too["APP_USER_ALICE"] == user_of(SETTINGS, "ALICE")
    assert claims(said.said_too["APP_TOKEN_BOB"])["sub"] == user_of(SETTINGS, "BOB")
    assert said.said_too["APP_USER_ALICE"] != said.said_too["APP_USER_BOB"]
    assert user_of({**SETTINGS, "JWT_SHARED_SECRET": "t" * 32}, "BOB") != user_of(SETTINGS, "BOB")


def test_users_are_shown_without_tokens(tmp_path: Path) -> None:
    installed = with_users(Installation(Checkout(tmp_path), cast(RunningServices, None), SETTINGS))

    shown = ready_to_paste(installed)

    for name in ("ALICE", "BOB"):
        assert f"{name.capitalize()} is {user_of(SETTINGS, name)}" in shown
        assert f"Bearer $APP_TOKEN_{name}" in shown
        assert f"/app/demo#token=$APP_TOKEN_{name}&name={name.capitalize()}" in shown
        assert installed.said_too[f"APP_TOKEN_{name}"] not in shown


def test_foreign_issuer_leaves_users_out(tmp_path: Path) -> None:
    installed = Installation(Checkout(tmp_path), cast(RunningServices, None), {})

    assert with_users(replace(installed)).said_too == {}
    assert ready_to_paste(with_users(installed)) == ""
