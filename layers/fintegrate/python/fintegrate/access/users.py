"""The users of a setting: who may say a password, and what each of them may do.

The setting is a JSON object: `{"<name>": {"hashes": ["$2b$12$…"], "role": "<role>"}}`. A user has one
bcrypt hash, or two while the password is changed: add the new one, let all callers take it, remove the
old one. A process reads the setting when it starts, so a removed hash is good until then.

It must cost the same time to refuse any name. So each user's hashes are filled up to the cost of the
most expensive user with hashes that nothing matches, and names without a user get those alone.

Leaves to others how a password comes and how it is compared (`fintegrate.access.by_password`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from fintegrate.settings import SettingsError, read_object

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)
_HASH = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}", re.ASCII)
"""With a cost of 4 to 15: a comparison at 15 takes two seconds."""
_NOTHING = f"{'.' * 52}/"
"""Salt and digest of a hash that nothing matches: the last character of a digest is never this one."""


class User(NamedTuple):
    """A user; `stored` has hashes and what fills them up, separated by spaces."""

    name: str
    role: str
    stored: str


class Users(NamedTuple):
    """All users by name. `nobodys` is what the passwords of other names are compared with."""

    by_name: Mapping[str, User]
    nobodys: str

    def digest(self, text: bytes) -> bytes:
        """An HMAC that nobody can make who does not know all hashes; a `proofs.Signer`'s.

        A changed setting changes it, so what was proven before counts no more.
        """
        known = " ".join(f"{name} {user.stored}" for name, user in sorted(self.by_name.items()))
        return hmac.digest(hashlib.sha256(known.encode()).digest(), text, "sha256")


def read_users(setting: str, text: str, roles: Collection[str]) -> Users:
    """Read the users of a setting.

    Args:
        setting: its name, for errors
        text: its value
        roles: the names that a role may have

    Raises:
        SettingsError: it is malformed or has no user; the error repeats nothing of it.
    """
    said = read_object(setting, text)
    if not said:
        raise SettingsError(f"{setting} has no user, so nobody could call")
    for number, (name, user) in enumerate(said.items(), start=1):
        if problem := _problem(name, user, roles):
            raise SettingsError(f"{setting}: user {number}: {problem}")
    most = max(_rounds(user["hashes"]) for user in said.values())
    found = {
        name: User(name, user["role"], _filled(user["hashes"], most)) for name, user in said.items()
    }
    return Users(found, _filled([], most))


def _problem(name: str, user: Any, roles: Collection[str]) -> str | None:
    """What is wrong with a user of the setting."""
    if not _NAME.fullmatch(name):
        return "the name must be 1 to 64 of A-Z a-z 0-9 . _ @ -"
    if not isinstance(user, dict) or user.keys() != {"hashes", "role"}:
        return "must be an object with hashes and role, and nothing else"
    hashes = user["hashes"]
    if not isinstance(hashes, list) or len(hashes) not in {1, 2} or not all(map(_is_hash, hashes)):
        return "hashes must be a list of one or two bcrypt hashes with a cost of 4 to 15"
    if not isinstance(user["role"], str) or user["role"] not in roles:
        return f"role must be one of {', '.join(sorted(roles))}"
    return None


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _rounds(hashes: Iterable[str]) -> int:
    """The time that comparing takes: the cost is the logarithm of the rounds."""
    return sum(1 << int(one[4:6]) for one in hashes)


def _filled(hashes: list[str], most: int) -> str:
    """The hashes, and as many that nothing matches as make up the rounds that are missing."""
    missing = most - _rounds(hashes)
    filling = [f"$2b${cost:02}${_NOTHING}" for cost in range(32) if missing >> cost & 1]
    return " ".join([*hashes, *filling])
