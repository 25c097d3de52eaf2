"""When an issuer's keys are read, and which of them are taken."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from fintegrate.access.by_token import KeysAway
from fintegrate.access.issuer_keys import IssuerKeys, keys_in
from tests.unit.layer.clock import Clock

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
HOUR = 3_600


def jwk(private: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    """The entry of a public key."""
    makers = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    maker: Any = next(
        (maker for kind, maker in makers.items() if isinstance(private, kind)), OKPAlgorithm
    )
    said = maker.to_jwk(private.public_key(), as_dict=True)
    said.pop("key_ops", None)
    return {**said, **({"kid": kid} if kid is not None else {}), **more}


def key_set(*keys: Any) -> str:
    return json.dumps({"keys": keys})


class Issuer:
    """Gives what the test says; None while it is away."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked = 0

    def read(self, _url: str) -> str:
        self.asked += 1
        if self.text is None:
            raise OSError("away")
        return self.text


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(key_set(jwk(RSA, "one"), jwk(EC, "two", alg="ES256")))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys("https://issuer.example/keys", issuer.read, clock)


def test_keys_are_remembered_for_an_hour(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    first = keys.key("one", "RS256")
    clock.advance(HOUR - 1)
    assert keys.key("one", "RS256") is first
    assert issuer.asked == 1

    clock.advance(2)
    assert keys.key("one", "RS256") is first
    assert issuer.asked == 2


def test_unknown_name_asks_once_a_minute(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    for number in range(50):
        assert keys.key(f"unknown {number}", "RS256") is None
    assert issuer.asked == 1

    clock.advance(61)
    issuer.text = key_set(jwk(RSA, "one"), jwk(OTHER, "three"))
    assert keys.key("three", "ES256") is not None
    assert keys.key("two", "ES256") is None
    assert issuer.asked == 2


def test_known_keys_go_on_for_a_day(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    first = keys.key("one", "RS256")
    issuer.text = None
    for _ in range(23):
        clock.advance(HOUR)
        assert keys.key("one", "RS256") is first
    assert issuer.asked == 23

    clock.advance(HOUR + 1)
    with pytest.raises(KeysAway):
        keys.key("one", "RS256")
    issuer.text = key_set(jwk(RSA, "one"))
    clock.advance(61)
    assert keys.key("one", "RS256") is first


def test_issuer_away_refuses_nobody(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    """A token of a key that cannot be had may be valid."""
    text, issuer.text = issuer.text, None
    with pytest.raises(KeysAway):
        keys.key("one", "RS256")

    issuer.text = text
    clock.advance(61)
    assert keys.key("one", "RS256") is not None
    issuer.text = None
    clock.advance(61)
    with pytest.raises(KeysAway):
        keys.key("three", "RS256")
    assert keys.key(None, "RS256") is None


def test_away_issuer_is_asked_once_a_minute(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    issuer.text = None
    for _ in range(10):
        with pytest.raises(KeysAway):
            keys.key("one", "RS256")
    clock.advance(61)
    with pytest.raises(KeysAway):
        keys.key("one", "RS256")

    assert issuer.asked == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "[]",
        "5",
        "{}",
        '{"keys": 5}',
        '{"keys": []}',
        '{"keys": [5, null, "one"]}',
        '{"keys": {"kid": "one"}}',
        "[" * 60_000,
        key_set({"kty": "RSA", "kid": "one"}),
        key_set({"kty": "RSA", "kid": "one", "n": "", "e": "AQAB"}),
        key_set({"kty": "RSA", "kid": "one", "n": 5, "e": []}),
        key_set({"kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA"}),
        key_set({"kty": ["RSA"], "kid": "one"}),
    ],
)
def test_malformed_set_changes_nothing(
    keys: IssuerKeys, issuer: Issuer, clock: Clock, text: str
) -> None:
    first = keys.key("one", "RS256")
    issuer.text = text
    clock.advance(HOUR + 1)

    assert keys.key("one", "RS256") is first
    with pytest.raises(ValueError, match=r"no set of keys|JSON|Expecting"):
        keys_in(text)


def private(kid: str) -> dict[str, Any]:
    said = RSAAlgorithm.to_jwk(RSA, as_dict=True)
    said.pop("key_ops")
    return {**said, "kid": kid}


@pytest.mark.parametrize(
    "bad",
    [
        private("bad"),
        {"kty": "oct", "kid": "bad", "k": base64.urlsafe_b64encode(b"x" * 32).decode()},
        jwk(RSA, None),
        {**jwk(RSA, None), "kid": 5},
        jwk(RSA, "bad", use="enc"),
        jwk(RSA, "bad", key_ops=["encrypt"]),
        jwk(RSA, "bad", key_ops=5),
        jwk(RSA, "bad", alg="HS256"),
        jwk(RSA, "bad", alg="none"),
        jwk(RSA, "bad", alg=["RS256"]),
        jwk(rsa.generate_private_key(65537, 1024), "bad"),
        jwk(ec.generate_private_key(ec.SECP256R1()), "bad", crv="P-999"),
    ],
    ids=lambda said: "-".join(map(str, said))[:40],
)
def test_only_public_keys_for_signatures_are_taken(bad: dict[str, Any]) -> None:
    assert list(keys_in(key_set(bad, jwk(EC, "good")))) == ["good"]


@pytest.mark.parametrize(
    ("kid", "algorithm", "is_for_it"),
    [
        ("any", "RS256", True),
        ("any", "RS512", True),
        ("any", "PS256", True),
        ("any", "ES256", False),
        ("any", "HS256", False),
        ("any", "none", False),
        ("any", "", False),
        ("pss", "PS256", True),
        ("pss", "RS256", False),
        ("curve", "ES256", True),
        ("curve", "ES384", False),
        ("curve", "RS256", False),
        ("edwards", "EdDSA", True),
        ("", "RS256", False),
        (None, "RS256", False),
    ],
)
def test_key_is_for_its_algorithms(kid: str | None, algorithm: str, is_for_it: bool) -> None:
    issuer = Issuer(
        key_set(
            jwk(RSA, "any"),
            jwk(RSA, "pss", alg="PS256"),
            jwk(EC, "curve"),
            jwk(ed25519.Ed25519PrivateKey.generate(), "edwards"),
            jwk(RSA, ""),
        )
    )

    found = IssuerKeys("https://issuer.example", issuer.read).key(kid, algorithm)

    assert (found is not None) is is_for_it


@pytest.fixture
def slow() -> Iterator[tuple[threading.Event, threading.Event]]:
    """The issuer was asked; it may answer."""
    asked, go_on = threading.Event(), threading.Event()
    yield asked, go_on
    go_on.set()


def test_known_key_waits_for_nobody(
    clock: Clock, slow: tuple[threading.Event, threading.Event]
) -> None:
    asked, go_on = slow
    text = key_set(jwk(RSA, "one"))
    is_slow = False

    def read(_url: str) -> str:
        if is_slow:
            asked.set()
            assert go_on.wait(30)
        return text

    keys = IssuerKeys("https://issuer.example", read, clock)
    first = keys.key("one", "RS256")
    is_slow = True
    clock.advance(HOUR + 1)
    other = threading.Thread(target=keys.key, args=("one", "RS256"))
    other.start()
    assert asked.wait(30)

    assert keys.key("one", "RS256") is first
    go_on.set()
    other.join(30)
