"""The users of a setting: complete, or refused without a word of it; all names cost alike."""

from __future__ import annotations

import json
from typing import Any

import bcrypt
import pytest

from fintegrate.access.users import read_users
from fintegrate.settings import SettingsError

ROLES = ("reader", "librarian")


def hashed(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


ANN = {"hashes": [hashed("one")], "role": "reader"}


def rounds(stored: str) -> int:
    return sum(1 << int(one[4:6]) for one in stored.split())


def refusal(setting: str) -> str:
    with pytest.raises(SettingsError) as error:
        read_users("LIBRARY_USERS", setting, ROLES)
    assert error.value.__context__ is None  # a JSON error would hold the whole text
    return str(error.value)


def test_users_are_read() -> None:
    bob = {"hashes": [hashed("new"), hashed("old")], "role": "librarian"}

    users = read_users("LIBRARY_USERS", json.dumps({"ann": ANN, "bob@b": bob}), ROLES)

    assert set(users.by_name) == {"ann", "bob@b"}
    found = users.by_name["bob@b"]
    assert (found.name, found.role, found.stored.split()) == ("bob@b", "librarian", bob["hashes"])


@pytest.mark.parametrize("costs", [[[4]], [[4], [5, 6]], [[4, 4], [7]], [[5], [4, 4], [4]]])
def test_every_name_costs_the_same(costs: list[list[int]]) -> None:
    said = {
        f"user{number}": {"hashes": [hashed("x", cost) for cost in each], "role": "reader"}
        for number, each in enumerate(costs)
    }

    users = read_users("LIBRARY_USERS", json.dumps(said), ROLES)

    most = max(sum(1 << cost for cost in each) for each in costs)
    every = [*(user.stored for user in users.by_name.values()), users.nobodys]
    assert {rounds(stored) for stored in every} == {most}


@pytest.mark.parametrize("password", ["", "one", "x" * 72])
def test_filling_matches_nothing(password: str) -> None:
    users = read_users("LIBRARY_USERS", json.dumps({"ann": ANN}), ROLES)

    assert users.nobodys
    for one in users.nobodys.split():
        assert not bcrypt.checkpw(password.encode(), one.encode())


def test_hashes_of_other_tools_are_taken() -> None:
    other = ANN["hashes"][0].replace("$2b$", "$2y$")  # as htpasswd writes it
    users = read_users("U", json.dumps({"ann": {"hashes": [other], "role": "reader"}}), ROLES)

    assert bcrypt.checkpw(b"one", users.by_name["ann"].stored.encode())


@pytest.mark.parametrize(
    "setting",
    ["", "the-password", "[]", "null", "7", '{"ann": 1, "ann": 2}', "[" * 100_000],
    ids=["nothing", "text", "list", "null", "number", "twice", "deep"],
)
def test_other_setting_is_no_object(setting: str) -> None:
    assert refusal(setting) == ("LIBRARY_USERS must be a JSON object in which no name stands twice")


def test_user_without_users_is_refused() -> None:
    assert refusal("{}") == "LIBRARY_USERS has no user, so nobody could call"


@pytest.mark.parametrize(
    ("name", "user", "problem"),
    [
        ("the-password:", ANN, "the name must be"),
        ("", ANN, "the name must be"),
        ("n" * 65, ANN, "the name must be"),
        ("(unknown)", ANN, "the name must be"),
        ("bob", "the-password", "must be an object"),
        ("bob", {"hashes": ANN["hashes"]}, "must be an object"),
        ("bob", {**ANN, "password": "the-password"}, "must be an object"),
        ("bob", {**ANN, "hashes": []}, "hashes must be"),
        ("bob", {**ANN, "hashes": ANN["hashes"][0]}, "hashes must be"),
        ("bob", {**ANN, "hashes": ANN["hashes"] * 3}, "hashes must be"),
        ("bob", {**ANN, "hashes": ["the-password"]}, "hashes must be"),
        ("bob", {**ANN, "hashes": [ANN["hashes"][0] + "\n"]}, "hashes must be"),
        ("bob", {**ANN, "hashes": [f"$2b$16${'.' * 53}"]}, "hashes must be"),
        ("bob", {**ANN, "hashes": [f"$2b$03${'.' * 53}"]}, "hashes must be"),
        ("bob", {**ANN, "role": "the-password"}, "role must be one of librarian, reader"),
        ("bob", {**ANN, "role": ["reader"]}, "role must be one of librarian, reader"),
    ],
)
def test_malformed_user_is_told_by_number(name: str, user: Any, problem: str) -> None:
    said = refusal(json.dumps({"ann": ANN, name: user}))

    assert said.startswith(f"LIBRARY_USERS: user 2: {problem}")
    assert "the-password" not in said
    assert "$2b$" not in said
