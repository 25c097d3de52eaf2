"""A token that says that it is for something else names no user."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import pytest

from fintegrate.access.by_token import ByToken, Rules, SharedSecret
from fintegrate.access.caller import Refused

SECRET = "0123456789abcdef0123456789abcdef"


class Carrying:
    """A request with a token of this type, right in all else."""

    def __init__(self, typ: str | None) -> None:
        claims = {"sub": str(uuid.uuid4()), "iss": "i", "aud": "a", "exp": time.time() + 60}
        self._token = jwt.encode(claims, SECRET, "HS256", headers={"typ": typ})

    def header(self, _name: str) -> str:
        return f"Bearer {self._token}"


def authenticate(typ: str | None) -> Any:
    request: Any = Carrying(typ)
    return ByToken(SharedSecret(SECRET), Rules("i", "a", ["HS256"])).authenticate(request)


@pytest.mark.parametrize("typ", ["feed-access+jwt", "application/feed-access+jwt", "DPOP+JWT"])
def test_token_of_another_kind_is_refused(typ: str) -> None:
    with pytest.raises(Refused) as refused:
        authenticate(typ)

    assert refused.value.reason == "type"


@pytest.mark.parametrize("typ", [None, "JWT", "at+jwt", "application/at+jwt"])
def test_users_token_is_taken(typ: str | None) -> None:
    assert authenticate(typ).owner_id
