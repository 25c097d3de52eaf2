"""Who calls by HTTP Basic, and that a refused caller learns nothing, not even by time."""

from __future__ import annotations

import base64
import json

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.access.by_password import LONGEST, NOBODY, ByPassword, Password
from fintegrate.access.caller import Caller, Refused
from fintegrate.access.keys import ApiKeys
from fintegrate.access.proofs import Proofs
from fintegrate.access.users import read_users
from fintegrate.redis_connection import RedisConnections
from tests.unit.layer.redis import FakeRedis

LONG = "0123456789" * 7 + "ab"
PASSWORDS = {"ann": ["one"], "bob": ["new", "old"], "cem": ["päss:wörd 7"], "dee": [LONG]}
ROLES = {"bob": "librarian"}


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


HASHES = {name: [hashed(one) for one in each] for name, each in PASSWORDS.items()}


def users_setting() -> str:
    users = {
        name: {"hashes": each, "role": ROLES.get(name, "reader")} for name, each in HASHES.items()
    }
    return json.dumps(users)


USERS = read_users("LIBRARY_USERS", users_setting(), ("reader", "librarian"))


class Sent:
    """A request with one header."""

    source_ip = "192.0.2.1"

    def __init__(self, authorization: str | None) -> None:
        self._authorization = authorization

    def header(self, name: str) -> str | None:
        return self._authorization if name == "authorization" else None


def basic(user: str, password: str) -> Sent:
    return Sent(f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")


def scheme(**bounds: int) -> ByPassword:
    return ByPassword(USERS, realm="library", admin_role="librarian", **bounds)


def refusal(by_password: ByPassword, request: Sent) -> Refused:
    with pytest.raises(Refused) as error:
        by_password.authenticate(request)
    return error.value


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rounds of each comparison by bcrypt."""
    made: list[int] = []
    real = bcrypt.checkpw

    def counted(password: bytes, stored: bytes) -> bool:
        made.append(1 << int(stored[4:6]))
        return real(password, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return made


@pytest.mark.parametrize(
    ("user", "password"), [(user, one) for user, each in PASSWORDS.items() for one in each]
)
def test_user_is_the_caller(user: str, password: str) -> None:
    role = ROLES.get(user, "reader")

    caller = scheme().authenticate(basic(user, password))

    assert caller == Caller(user, user, user, role == "librarian", role=role)


@pytest.mark.parametrize("how", ["basic", "BASIC", "Basic  "])
def test_scheme_is_read_in_any_case(how: str) -> None:
    credentials = base64.b64encode(b"ann:one").decode()

    assert scheme().authenticate(Sent(f"{how} {credentials} ")).owner_id == "ann"


@pytest.mark.parametrize("header", [None, "", "Bearer YW5uOm9uZQ==", "Basically YW5uOm9uZQ=="])
def test_missing_password_is_asked_for(header: str | None) -> None:
    by_password = scheme()

    refused = refusal(by_password, Sent(header))

    assert not by_password.carried_by(Sent(header))
    assert (refused.reason, refused.key_id) == ("missing", NOBODY)
    assert refused.error.status == 401
    assert refused.error.headers == {"WWW-Authenticate": 'Basic realm="library"'}


def encoded(raw: bytes) -> Sent:
    return Sent(f"Basic {base64.b64encode(raw).decode()}")


@pytest.mark.parametrize(
    "request_",
    [
        Sent("Basic"),
        Sent("Basic "),
        Sent("Basic ann:one"),
        Sent("Basic YW5uOm9uZQ"),
        Sent("Basic YW5uOm9uZQ==="),
        Sent("Basic YW5u Om9uZQ=="),
        Sent("Basic YW5uOm9\u00fcZQ=="),
        encoded(b"ann"),
        encoded(b"ann:\xff"),
        encoded(b"\xffann:one"),
        encoded(b"ann\0:one"),
        encoded(b"ann:one\0"),
        encoded(b"ann:one\n"),
        encoded(b"ann:\x7fone"),
    ],
)
def test_malformed_is_answered_like_wrong(request_: Sent, rounds: list[int]) -> None:
    by_password = scheme()
    wrong = refusal(by_password, basic("ann", "two"))
    del rounds[:]

    refused = refusal(by_password, request_)

    assert by_password.carried_by(request_)
    assert by_password.recognised(request_) is None
    assert (refused.error.status, refused.error.headers) == (401, wrong.error.headers)
    assert refused.error.description == wrong.error.description
    assert (refused.reason, refused.key_id) == ("malformed", NOBODY)
    assert rounds == []


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ann", "two"),
        ("ann", ""),
        ("ann", "One"),
        ("bob", "newold"),
        ("dee", LONG + "c"),
        ("ann", "x" * 5_000),
        ("eve", "one"),
        ("", "one"),
        ("", ""),
        ("Ann", "one"),
        ("ann ", "one"),
        ("the-password" * 100, "one"),
        ("\u00e4nn", "one"),
        (NOBODY, "one"),
    ],
)
def test_wrong_pair_costs_what_any_does(user: str, password: str, rounds: list[int]) -> None:
    refused = refusal(scheme(), basic(user, password))

    assert sum(rounds) == 32  # two hashes at the least cost, as the user with most has
    assert (refused.error.status, refused.reason) == (401, "unknown")
    assert refused.error.description == "The user or the password is wrong"
    assert refused.error.headers == {"WWW-Authenticate": 'Basic realm="library"'}
    assert refused.exists == (user in PASSWORDS)
    assert refused.key_id == (user if user in PASSWORDS else NOBODY)
    assert refused.owner_id is None


def test_right_password_is_compared_once(rounds: list[int]) -> None:
    by_password, request = scheme(), basic("bob", "old")
    assert by_password.recognised(request) is None

    for _ in range(3):
        by_password.authenticate(request)

    assert len(rounds) == 2
    assert (known := by_password.recognised(request)) is not None
    assert known.key_id == "bob"
    assert by_password.recognised(basic("bob", "new")) is None
    assert by_password.recognised(basic("ann", "old")) is None


@pytest.mark.parametrize("password", ["", "x" * (LONGEST + 1)])
def test_unfit_password_never_matches(password: str) -> None:
    """Whatever was hashed: other tools take both."""
    stored = hashed(password[:LONGEST])

    assert not Password("library", "ann", password).matches(stored)


@pytest.mark.parametrize("user", ["ann", "eve"])
def test_wrong_passwords_are_bounded(user: str, rounds: list[int]) -> None:
    by_password = scheme(wrong_per_minute=2)

    seen = [refusal(by_password, basic(user, f"wrong {n % 4}")) for n in range(8)]

    assert [refused.error.status for refused in seen] == [401, 401, 429, 429] * 2
    assert sum(rounds) == 2 * 32
    assert seen[2].reason == "too_many_wrong_secrets"
    assert int(seen[2].error.headers["Retry-After"]) > 0
    assert user not in seen[2].error.description


def test_made_up_names_are_bounded_together(rounds: list[int]) -> None:
    by_password = scheme(all_wrong_per_minute=3)
    for number in range(3):
        assert refusal(by_password, basic(f"eve{number}", "x")).error.status == 401
    del rounds[:]

    refused = [refusal(by_password, basic(user, "x")) for user in ("ann", "eve9")]

    assert [each.error.status for each in refused] == [429, 429]
    assert refused[0].error.description == refused[1].error.description
    assert rounds == []


def test_verified_user_passes_a_flood() -> None:
    by_password = scheme(all_wrong_per_minute=1)
    by_password.authenticate(basic("ann", "one"))
    for number in range(9):
        refusal(by_password, basic(f"eve{number}", "x"))

    assert by_password.authenticate(basic("ann", "one")).owner_id == "ann"


def test_proof_spares_the_comparison(monkeypatch: pytest.MonkeyPatch, rounds: list[int]) -> None:
    redis = FakeRedis(None)
    monkeypatch.setattr("redis.ConnectionPool", redis)
    signer = ApiKeys("what the proofs are made with, some length")
    proofs = Proofs(RedisConnections("redis://nowhere"), signer, "library_proof")

    def process() -> ByPassword:
        return ByPassword(USERS, realm="library", admin_role="librarian", proofs=proofs)

    process().authenticate(basic("ann", "one"))
    written = redis.sent[-1]
    del rounds[:]
    redis.answer = written[4].encode()

    assert process().authenticate(basic("ann", "one")).owner_id == "ann"
    assert rounds == []
    refusal(process(), basic("ann", "two"))
    assert sum(rounds) == 32
    assert written[3].startswith("library_proof:")
    assert not any("ann" in text or "one" in text for text in written[3:])


def test_other_setting_voids_the_memory() -> None:
    """A process begins anew with each setting; what one remembers never crosses users."""
    by_password = scheme()
    by_password.authenticate(basic("ann", "one"))

    assert refusal(by_password, basic("annone", "")).error.status == 401
    assert refusal(by_password, basic("an", "none")).error.status == 401


def test_memory_does_not_hold_the_password() -> None:
    by_password = scheme()
    by_password.authenticate(basic("cem", PASSWORDS["cem"][0]))
    claim = Password("library", "cem", PASSWORDS["cem"][0])

    assert "wörd" not in f"{vars(by_password)} {vars(by_password._verifier)} {claim!r} {claim}"


def test_realm_separates_names() -> None:
    one, other = Password("one", "ann", "x"), Password("other", "ann", "x")

    assert one.name != other.name
    assert one.fingerprint() != other.fingerprint()


@pytest.mark.parametrize("realm", ["", 'a"b', "a\\b", "a\nb", "caf\u00e9"])
def test_realm_fits_into_a_header(realm: str) -> None:
    with pytest.raises(ValueError, match="realm"):
        ByPassword(USERS, realm=realm, admin_role="librarian")


@given(st.text())
def test_any_header_is_read_safely(header: str) -> None:
    refused = refusal(scheme(), Sent(f"Basic {header}"))

    assert refused.error.status == 401


@given(st.binary(max_size=40))
def test_any_credentials_are_read_safely(raw: bytes) -> None:
    refused = refusal(scheme(), encoded(raw))

    assert refused.error.status == 401
