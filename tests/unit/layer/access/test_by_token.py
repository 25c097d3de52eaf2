"""Who calls by a token, and what forged, strange and old ones get."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fintegrate.access import by_token
from fintegrate.access.by_token import ByToken, KeysAway, Rules, SharedSecret
from fintegrate.access.caller import Caller, Refused
from fintegrate.errors import Unauthorized, Unavailable

SECRET = "a secret of these tests, 32 bytes long"
USER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
RULES = Rules("https://issuer.example", "library", ("HS256",))
SENTENCE = "The token is not valid; send a valid one as Authorization: Bearer <token>"
PRIVATE = rsa.generate_private_key(65537, 2048)
PUBLIC = PRIVATE.public_key()
PUBLIC_TEXT = PUBLIC.public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


class Sent:
    """A request with one header."""

    source_ip = "192.0.2.1"

    def __init__(self, authorization: str | None) -> None:
        self._authorization = authorization

    def header(self, name: str) -> str | None:
        return self._authorization if name == "authorization" else None


class Published:
    """The public key of an issuer, under the name `one`."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.found: Any = PUBLIC

    def key(self, kid: str | None, algorithm: str) -> Any:
        self.asked.append(kid)
        return self.found if kid == "one" and algorithm in {"RS256", "ES256"} else None


def claims(**changed: Any) -> dict[str, Any]:
    """Those of a valid token; None leaves one out."""
    now = int(time.time())
    said = {"sub": USER, "iss": RULES.issuer, "aud": RULES.audience, "exp": now + 600, **changed}
    return {name: value for name, value in said.items() if value is not None}


def signed(said: Mapping[str, Any], head: Mapping[str, Any] | None = None) -> str:
    """A token that the secret signs, whatever is in it."""
    return forged({"alg": "HS256", **(head or {})}, json.dumps(said).encode(), SECRET.encode())


def forged(head: Mapping[str, Any], body: bytes, secret: bytes) -> str:
    """A token made without the library, which refuses to make bad ones."""
    signing = encoded(json.dumps(head).encode()) + "." + encoded(body)
    signature = hmac.new(secret, signing.encode(), hashlib.sha256).digest()
    return f"{signing}.{encoded(signature)}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def scheme(secret: str = SECRET) -> ByToken:
    return ByToken(SharedSecret(secret), RULES)


def refusal_of(token: str, by: ByToken | None = None) -> str:
    """Why a token is refused; the caller learns nothing of it."""
    with pytest.raises(Refused) as refused:
        (by or scheme()).authenticate(Sent(f"Bearer {token}"))
    error = refused.value.error
    assert (type(error), error.description) == (Unauthorized, SENTENCE)
    assert error.headers["WWW-Authenticate"] == "Bearer"
    assert refused.value.key_id is None
    return refused.value.reason


def test_caller_is_the_tokens_user() -> None:
    token = signed(claims())

    for prefix in ("Bearer ", "bearer ", "BEARER  "):
        caller = scheme().authenticate(Sent(prefix + token))
        assert caller == Caller(USER, USER, USER, is_admin=False)


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Token abc", "Bearer\tabc"])
def test_missing_token_is_said(header: str | None) -> None:
    assert not scheme().carried_by(Sent(header))
    with pytest.raises(Refused, match="Authorization is missing") as refused:
        scheme().authenticate(Sent(header))
    assert refused.value.reason == "missing"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "a.b.c.d.e",
        "a.b.",
        "é.é.é",
        "\ud800.a.b",
        "\0.a.b",
        "a b.c.d",
        "٣.a.b",
        signed(claims()) + "=",
        signed(claims()) + "!",
        signed(claims()).replace(".", ".\n", 1),
    ],
)
def test_text_that_is_no_token(token: str) -> None:
    assert scheme().carried_by(Sent("Bearer"))
    assert refusal_of(token) == "malformed"


def test_parts_must_be_json() -> None:
    assert refusal_of(f"{encoded(b'no')}.{encoded(b'no')}.AAAA") == "DecodeError"
    assert refusal_of(f"{encoded(b'[1]')}.{encoded(b'{}')}.AAAA") == "DecodeError"
    assert refusal_of(forged({"alg": "HS256"}, b"[1]", SECRET.encode())) == "DecodeError"
    assert refusal_of(forged({"alg": "HS256"}, b"\xff\xfe", SECRET.encode())) == "DecodeError"


def test_tokens_end_at_8_kb() -> None:
    near = signed(claims(more="x" * 5_700))
    assert 7_000 < len(near) <= 8 * 1024
    assert scheme().authenticate(Sent(f"Bearer {near}")).owner_id == USER
    assert refusal_of(signed(claims(more="x" * 8_000))) == "too_long"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, "HS512", ["HS256"], 5])
def test_algorithm_is_the_settings(algorithm: object) -> None:
    token = signed(claims(), {"alg": algorithm})

    assert refusal_of(token) == "algorithm"
    assert refusal_of(token.rpartition(".")[0] + ".AA") == "algorithm"


def test_unsigned_token_is_refused() -> None:
    assert refusal_of(jwt.encode(claims(), None, "none")) == "malformed"


@pytest.mark.parametrize("secret", [PUBLIC_TEXT, PUBLIC_TEXT.strip(), b"", b"\0"])
def test_public_key_is_no_secret(secret: bytes) -> None:
    token = forged({"alg": "HS256", "kid": "one"}, json.dumps(claims()).encode(), secret)
    rules = RULES._replace(algorithms=("RS256",))

    assert refusal_of(token, ByToken(Published(), rules)) == "algorithm"
    both = RULES._replace(algorithms=("RS256", "HS256"))
    assert refusal_of(token, ByToken(Published(), both)) == "unknown_key"


def test_secret_verifies_no_other_algorithm() -> None:
    rules = RULES._replace(algorithms=("HS256", "RS256", "HS384"))
    by = ByToken(SharedSecret(SECRET), rules)

    assert refusal_of(jwt.encode(claims(), PRIVATE, "RS256"), by) == "unknown_key"
    assert refusal_of(jwt.encode(claims(), SECRET * 2, "HS384"), by) == "unknown_key"


def test_confused_algorithm_is_refused() -> None:
    by = ByToken(Published(), RULES._replace(algorithms=("RS256", "ES256")))
    token = jwt.encode(claims(), PRIVATE, "RS256", {"kid": "one"})
    _, body, signature = token.split(".")
    confused = encoded(json.dumps({"alg": "ES256", "kid": "one"}).encode())

    assert by.authenticate(Sent(f"Bearer {token}")).owner_id == USER
    assert refusal_of(f"{confused}.{body}.{signature}", by) in {"InvalidKeyError", "TypeError"}


@pytest.mark.parametrize("critical", [["exp"], ["b64"], ["unknown"], [], "exp", None])
def test_critical_extensions_are_refused(critical: object) -> None:
    token = signed(claims(), {"crit": critical, "b64": True})

    assert refusal_of(token) in {"critical_extension", "InvalidTokenError"}


def test_places_of_keys_are_ignored() -> None:
    other = "another secret of somebody, 32 bytes long"
    jwk = {"kty": "oct", "k": encoded(other.encode())}
    head = {"jku": "https://evil.example/keys", "x5u": "https://evil.example/", "jwk": jwk}

    assert scheme().authenticate(Sent(f"Bearer {signed(claims(), head)}")).owner_id == USER
    forgery = forged({"alg": "HS256", **head}, json.dumps(claims()).encode(), other.encode())
    assert refusal_of(forgery) == "InvalidSignatureError"


@pytest.mark.parametrize(
    "kid", ["../../dev/null", "one' OR '1'='1", "", "ONE", "one\0", "x" * 4_000, None, 1, ["one"]]
)
def test_kid_is_nothing_but_a_name(kid: object) -> None:
    keys = Published()
    by = ByToken(keys, RULES._replace(algorithms=("RS256",)))
    token = forged({"alg": "RS256", "kid": kid}, json.dumps(claims()).encode(), b"")

    assert refusal_of(token, by) in {"unknown_key", "InvalidTokenError"}
    assert keys.asked in ([], [kid])


@pytest.mark.parametrize("name", ["exp", "sub", "iss", "aud"])
def test_claims_are_required(name: str) -> None:
    assert refusal_of(signed(claims(**{name: None}))) == "MissingRequiredClaimError"
    assert refusal_of(signed({**claims(), name: None})) == "MissingRequiredClaimError"


@pytest.mark.parametrize(
    ("claim", "seconds", "is_taken"),
    [
        ("exp", -25, True),
        ("exp", -35, False),
        ("nbf", 25, True),
        ("nbf", 35, False),
        ("iat", 25, True),
        ("iat", 35, False),
    ],
)
def test_clocks_may_differ_by_30_s(claim: str, seconds: int, is_taken: bool) -> None:
    token = signed(claims(**{claim: time.time() + seconds}))

    if is_taken:
        assert scheme().authenticate(Sent(f"Bearer {token}")).owner_id == USER
    else:
        assert refusal_of(token) in {"ExpiredSignatureError", "ImmatureSignatureError"}


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    ['"9999999999"', "true", "[1]", "{}", '"soon"', "NaN", "Infinity", "1e400", "9" * 400],
)
def test_times_are_numbers(claim: str, value: str) -> None:
    said = claims(**{claim: "here"})
    body = json.dumps(said).replace('"here"', value).encode()

    assert refusal_of(forged({"alg": "HS256"}, body, SECRET.encode()))


def test_digits_without_end_are_refused() -> None:
    body = json.dumps(claims(exp="here")).replace('"here"', "9" * 5_000).encode()

    assert refusal_of(forged({"alg": "HS256"}, body, SECRET.encode())) == "DecodeError"


@pytest.mark.parametrize("part", ["head", "body"])
def test_nested_json_ends_quietly(part: str) -> None:
    deep = b"[" * 5_000
    said = {"head": (deep, b"{}"), "body": (b'{"alg": "HS256"}', deep)}[part]
    signing = ".".join(map(encoded, said))
    mac = hmac.new(SECRET.encode(), signing.encode(), hashlib.sha256).digest()

    assert refusal_of(f"{signing}.{encoded(mac)}") in {"DecodeError", "RecursionError"}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://issuer.example/",
        "https://issuer",
        "",
        ["https://issuer.example"],
        {"https://issuer.example": 1},
        5,
    ],
)
def test_issuer_must_be_equal(issuer: object) -> None:
    assert refusal_of(signed({**claims(), "iss": issuer}))


@pytest.mark.parametrize("audience", ["library", ["library"], ["other", "library"]])
def test_audience_contains_ours(audience: object) -> None:
    token = signed(claims(aud=audience))

    assert scheme().authenticate(Sent(f"Bearer {token}")).owner_id == USER


@pytest.mark.parametrize(
    "audience", ["librar", "library2", "", ["other"], [], [["library"]], {"library": 1}, 5, [5]]
)
def test_other_audiences_are_refused(audience: object) -> None:
    assert refusal_of(signed({**claims(), "aud": audience}))


@pytest.mark.parametrize(
    "subject",
    [
        "ann",
        "",
        USER.replace("-", ""),
        "{" + USER + "}",
        f"urn:uuid:{USER}",
        f" {USER}",
        USER + "\n",
        USER.replace("7", "\u0667"),
        5,
        [USER],
        {"id": USER},
    ],
)
def test_subject_must_be_a_uuid(subject: object) -> None:
    assert refusal_of(signed({**claims(), "sub": subject})) in {"subject", "InvalidSubjectError"}


def test_subject_in_capitals_is_the_same_user() -> None:
    token = signed(claims(sub=USER.upper()))

    assert scheme().authenticate(Sent(f"Bearer {token}")).owner_id == USER


@pytest.mark.parametrize("kind", ["logout+jwt", "feed-access+jwt", "application/secevent+JWT"])
def test_tokens_for_other_uses_are_refused(kind: str) -> None:
    assert refusal_of(signed(claims(), {"typ": kind})) == "type"


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt", "JOSE"])
def test_types_of_users_tokens_are_taken(kind: str) -> None:
    token = signed(claims(), {"typ": kind})

    assert scheme().authenticate(Sent(f"Bearer {token}")).owner_id == USER


def test_verified_token_is_remembered_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    by, verified = scheme(), []
    monkeypatch.setattr(jwt, "decode", counting(jwt.decode, verified))
    token = signed(claims(exp=int(time.time()) + 600))
    for _ in range(3):
        by.authenticate(Sent(f"Bearer {token}"))
    assert len(verified) == 1

    later = time.time() + 601
    monkeypatch.setattr(by_token.time, "time", lambda: later)
    by.authenticate(Sent(f"Bearer {token}"))  # the clocks' difference is the verification's
    assert len(verified) == 2


def counting(call: Any, calls: list[None]) -> Any:
    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        return call(*args, **kwargs)

    return counted


def test_refused_token_is_not_remembered() -> None:
    by, token = scheme(), signed(claims(exp=1))

    assert [refusal_of(token, by) for _ in range(2)] == ["ExpiredSignatureError"] * 2
    assert not by._verified


def test_changed_secret_forgets_its_tokens() -> None:
    token = signed(claims())
    scheme().authenticate(Sent(f"Bearer {token}"))

    assert refusal_of(token, scheme("another secret of ours, 32 bytes long")) == (
        "InvalidSignatureError"
    )


def test_withdrawn_key_forgets_its_tokens() -> None:
    keys = Published()
    by = ByToken(keys, RULES._replace(algorithms=("RS256",)))
    token = jwt.encode(claims(), PRIVATE, "RS256", {"kid": "one"})
    by.authenticate(Sent(f"Bearer {token}"))

    keys.found = rsa.generate_private_key(65537, 2048).public_key()
    assert refusal_of(token, by) == "InvalidSignatureError"
    keys.found = None
    assert refusal_of(token, by) == "unknown_key"


def test_memory_of_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_token, "_MOST_REMEMBERED", 3)
    by = scheme()
    for number in range(5):
        by.authenticate(Sent(f"Bearer {signed(claims(jti=str(number)))}"))

    assert len(by._verified) == 3


def test_unknown_keys_are_no_refusal_of_the_token() -> None:
    class Away:
        def key(self, _kid: str | None, _algorithm: str) -> Any:
            raise KeysAway

    with pytest.raises(Refused) as refused:
        ByToken(Away(), RULES).authenticate(Sent(f"Bearer {signed(claims())}"))

    assert (type(refused.value.error), refused.value.reason) == (Unavailable, "keys_away")


def test_failed_check_is_logged_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    token = signed(claims(aud="other"))
    with caplog.at_level(logging.DEBUG):
        refusal_of(token)

    assert "InvalidAudienceError" in caplog.text
    assert token[:40] not in caplog.text
    assert USER not in caplog.text
