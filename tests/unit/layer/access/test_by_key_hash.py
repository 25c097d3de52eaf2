"""The admin's keys where the settings hold nothing of them but hashes."""

from __future__ import annotations

import pytest

from fintegrate.access.by_key_hash import ByKeyHash, hash_of
from fintegrate.access.caller import Caller, Refused
from fintegrate.access.keys import ApiKeys
from fintegrate.settings import SettingsError

KEYS = ApiKeys("a secret of these tests, 32 characters")
NEW, OLD, OTHER = KEYS.new(), KEYS.new(), KEYS.new()
TEXT = {key.key_id: KEYS.text(key) for key in (NEW, OLD, OTHER)}
SETTING = f"{hash_of(TEXT[NEW.key_id])}, {hash_of(TEXT[OLD.key_id]).upper()},"


class Sent:
    """A request with one header."""

    source_ip = "192.0.2.1"

    def __init__(self, key: str | None) -> None:
        self._key = key

    def header(self, name: str) -> str | None:
        return self._key if name == "x-api-key" else None


@pytest.mark.parametrize("key", [NEW, OLD])
def test_admin_may_have_several_keys(key: object) -> None:
    key_id = key.key_id  # type: ignore[attr-defined]

    caller = ByKeyHash("KEYS", SETTING).authenticate(Sent(TEXT[key_id]))

    assert caller == Caller("admin", "admin", key_id, is_admin=True)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("no key", "malformed"),
        ("\ud800", "malformed"),
        pytest.param(hash_of(TEXT[NEW.key_id]), "malformed", id="hash-malformed"),
        (TEXT[NEW.key_id] + "\n", "malformed"),
        (TEXT[OTHER.key_id], "unknown"),
        (TEXT[NEW.key_id][:-1] + "x", "malformed"),
        (TEXT[NEW.key_id].upper(), "malformed"),
    ],
)
def test_other_keys_are_refused(key: str | None, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        ByKeyHash("KEYS", SETTING).authenticate(Sent(key))

    assert (refused.value.reason, refused.value.error.status) == (reason, 401)


@pytest.mark.parametrize("setting", ["", " , "])
def test_without_hashes_there_is_no_admin(setting: str) -> None:
    with pytest.raises(Refused):
        ByKeyHash("KEYS", setting).authenticate(Sent(TEXT[NEW.key_id]))


@pytest.mark.parametrize("setting", ["abc", TEXT[NEW.key_id], "é" * 64])
def test_what_is_no_hash_is_refused(setting: str) -> None:
    with pytest.raises(SettingsError, match="KEYS must hold") as refused:
        ByKeyHash("KEYS", setting)

    assert setting not in str(refused.value)
