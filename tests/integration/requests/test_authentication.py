"""Who comes in: what each kind of wrong key gets, what it costs us, and what it leaves behind."""

from __future__ import annotations

import io
import logging
import uuid
import zlib
from collections.abc import Callable

import bcrypt
import pytest

from chalicelib.banking.wiring import Parts
from fintegrate.access.keys import hash_secret
from fintegrate.logs import configure_logging
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with, together
from tests.support.fixtures import Query
from tests.support.keys import (
    issue_unsigned,
    key_id,
    new_key,
    parsed,
    unsigned_key,
    with_wrong_secret,
)

MALFORMED = "X-API-Key is malformed; check that the key was copied as a whole"
INVALID = "X-API-Key is not a valid key; ask the operator for a new one"


def ask(key: str | None, source_ip: str = "127.0.0.1") -> Reply:
    return Api(key, source_ip).get("/customer/list")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The secrets that bcrypt was asked about."""
    asked: list[bytes] = []
    real = bcrypt.checkpw

    def counted(secret: bytes, hashed: bytes) -> bool:
        asked.append(secret)
        return real(secret, hashed)

    monkeypatch.setattr("fintegrate.access.keys.bcrypt.checkpw", counted)
    return asked


def test_typo_never_reaches_the_database(bank: Bank, environment: dict[str, str]) -> None:
    key = bank.api.key or ""
    other = {"a": "b"}
    typos = [
        unsigned_key()[:-8] + "0" * 8,
        key[:-1] + other.get(key[-1], "a"),
        key[:50] + other.get(key[50], "a") + key[51:],
        key[:10] + other.get(key[10], "a") + key[11:],
        key[:60] + key[61] + key[60] + key[62:] if key[60] != key[61] else key[:-2],
        key[:-1],
        key + "0",
        key.upper(),
        " " + key,
        "Bearer " + key,
        "fk__",
        "x",
    ]
    with parts_with(environment, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"):
        replies = [ask(typo) for typo in typos]

        assert ask(key).status == 503  # a good form needs the database, which is away here

    assert {(reply.status, reply.description) for reply in replies} == {(401, MALFORMED)}


def test_known_key_with_other_check_is_malformed(bank: Bank) -> None:
    """A process that knows the secret skips the check, but only of the text that it has seen."""
    key = bank.api.key or ""
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert ask(key).status == 200

    reply = ask(other)

    assert (reply.status, reply.description) == (401, MALFORMED)


def test_key_is_read_from_header_only(bank: Bank) -> None:
    stranger = Api(None)

    in_query = stranger.get("/customer/list", api_key=bank.api.key)
    as_bearer = stranger(
        "GET", "/customer/list", headers={"Authorization": f"Bearer {bank.api.key}"}
    )

    assert (in_query.status, as_bearer.status) == (401, 401)


def test_header_name_may_have_any_case(bank: Bank) -> None:
    reply = Api(None)("GET", "/customer/list", headers={"x-api-KEY": bank.api.key or ""})

    assert reply.status == 200


def test_unknown_key_resembles_wrong_secret(bank: Bank) -> None:
    unknown, wrong = ask(new_key()), ask(with_wrong_secret(bank.api.key))

    assert unknown.status == 401
    assert unknown.description == INVALID
    assert unknown.body == wrong.body


def test_wrong_secret_hides_keys_state(bank: Bank, admin: Api) -> None:
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    assert ask(with_wrong_secret(bank.api.key)).description == INVALID
    assert "deactivated" in ask(bank.api.key).description


def test_unknown_key_costs_no_bcrypt(parts: Parts, checks: list[bytes]) -> None:
    for _ in range(20):
        assert ask(new_key()).status == 401

    assert checks == []


def test_verified_key_costs_no_bcrypt(bank: Bank, checks: list[bytes]) -> None:
    bank.api.get("/customer/list")
    checks.clear()

    for _ in range(20):
        assert bank.api.get("/customer/list").status == 200

    assert checks == []


def test_first_use_costs_one_bcrypt(
    bank: Bank, environment: dict[str, str], checks: list[bytes]
) -> None:
    with parts_with(environment):
        for _ in range(3):
            assert bank.api.get("/customer/list").status == 200

    assert checks == [parsed(bank.api.key).secret.encode()]


def test_wrong_secret_repeated_costs_one_bcrypt(bank: Bank, checks: list[bytes]) -> None:
    wrong = with_wrong_secret(bank.api.key)

    statuses = {ask(wrong).status for _ in range(10)}

    assert statuses == {401}
    assert len(checks) == 1


def test_wrong_secrets_are_bounded(
    bank: Bank, environment: dict[str, str], checks: list[bytes]
) -> None:
    with parts_with(environment, API_KEY_WRONG_SECRETS_PER_MINUTE="3"):
        replies = [ask(with_wrong_secret(bank.api.key)) for _ in range(10)]

    assert [reply.status for reply in replies] == [401] * 3 + [429] * 7
    assert len(checks) == 3
    limited = replies[-1]
    assert 1 <= int(limited.headers["Retry-After"]) <= 60
    assert limited.detail["status_name"] == "TOO_MANY_REQUESTS"
    assert limited.description == (
        "Too many wrong secrets for this key; check the key and try again in "
        f"{limited.headers['Retry-After']} s"
    )


def test_verified_key_works_under_attack(
    bank: Bank, environment: dict[str, str], checks: list[bytes]
) -> None:
    with parts_with(environment, API_KEY_WRONG_SECRETS_PER_MINUTE="2"):
        assert bank.api.get("/customer/list").status == 200
        attack = [ask(with_wrong_secret(bank.api.key)).status for _ in range(5)]

        assert attack == [401, 401, 429, 429, 429]
        assert bank.api.get("/customer/list").status == 200


def test_attack_elsewhere_locks_no_process(bank: Bank, environment: dict[str, str]) -> None:
    """A process that has not seen the true key yet takes it, because another one has."""
    assert ask(bank.api.key).status == 200
    with parts_with(environment, API_KEY_WRONG_SECRETS_PER_MINUTE="2"):
        attack = [ask(with_wrong_secret(bank.api.key), "203.0.113.7").status for _ in range(5)]
        assert attack == [401, 401, 429, 429, 429]

        assert ask(bank.api.key).status == 200


def test_proof_is_of_one_hash(bank: Bank, environment: dict[str, str], query: Query) -> None:
    assert ask(bank.api.key).status == 200
    query("UPDATE consumer_api_keys SET api_key_hash = %(hash)s", hash=hash_secret("x", 4))

    with parts_with(environment):
        assert ask(bank.api.key).status == 401


def test_forged_secret_costs_no_row(
    bank: Bank, environment: dict[str, str], checks: list[bytes]
) -> None:
    """Whoever knows a public id cannot make the check of another secret."""
    forged = (bank.api.key or "")[:-80] + "0" * 80
    body = (bank.api.key or "")[:-16]
    crc = f"{body}{zlib.crc32(body.encode()):08x}"
    with parts_with(environment, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"):
        replies = [ask(key) for key in (forged, crc)]

    assert {(reply.status, reply.description) for reply in replies} == {(401, MALFORMED)}
    assert checks == []


def test_flood_of_one_key_spares_the_others(
    make_bank: Callable[[], Bank], environment: dict[str, str], query: Query, checks: list[bytes]
) -> None:
    attacked, other = make_bank(), make_bank()
    known = key_id(issue_unsigned(query, attacked.consumer_id))
    flood = [
        lambda address=f"203.0.113.{number}": ask(unsigned_key(of=known), address).status
        for number in range(60)
        for _ in range(5)
    ]
    with parts_with(environment):
        assert other.api.get("/customer/list").status == 200
        checks.clear()
        for batch in range(0, len(flood), 20):
            statuses = together([*flood[batch : batch + 20], lambda: ask(other.api.key).status])
            assert set(statuses[:-1]) <= {401, 429}
            assert statuses[-1] == 200
    with parts_with(environment):  # another process has no bound of its own
        assert ask(unsigned_key(of=known)).status == 429

    assert 1 <= len(checks) <= 5


def test_bound_holds_without_redis(
    bank: Bank, environment: dict[str, str], query: Query, checks: list[bytes]
) -> None:
    known = key_id(issue_unsigned(query, bank.consumer_id))
    with parts_with(environment, REDIS_URL="redis://127.0.0.1:1/0"):
        statuses = [ask(unsigned_key(of=known)).status for _ in range(8)]

    assert statuses == [401] * 5 + [429] * 3
    assert len(checks) == 5


def test_known_and_unknown_id_answer_alike(
    bank: Bank, environment: dict[str, str], query: Query, checks: list[bytes]
) -> None:
    known = key_id(issue_unsigned(query, bank.consumer_id))
    unknown = str(uuid.uuid4())
    told = []
    with parts_with(environment, API_KEY_WRONG_SECRETS_PER_MINUTE="2"):
        for wanted in (known, unknown):
            checks.clear()
            replies = [ask(unsigned_key(of=wanted)) for _ in range(3)]
            told.append([(reply.body, len(checks)) for reply in replies])

    assert told[0] == told[1]
    assert [reply.status for reply in replies] == [401, 401, 429]
    assert len(checks) == 2


def test_key_of_the_older_form_works(bank: Bank, query: Query) -> None:
    old = issue_unsigned(query, bank.consumer_id)

    assert ask(old).status == 200
    assert ask(bank.api.key).status == 401


def test_key_reaches_only_its_consumer(bank: Bank, admin: Api) -> None:
    reply = bank.api.post("/customer/data", name="Jane Roe")

    customer_id = reply.data["customer_id"]
    assert bank.api.get("/customer/data", customer_id=customer_id).status == 200
    assert admin.get("/customer/data", customer_id=customer_id).status == 404


def test_keys_are_never_logged_or_answered(
    bank: Bank,
    admin: Api,
    environment: dict[str, str],
    query: Query,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = io.StringIO()
    with parts_with(environment, LOG_LEVEL="DEBUG"):
        handler = logging.StreamHandler(lines)
        logging.getLogger().addHandler(handler)
        try:
            issued = admin.post("/consumer/api-key", consumer_id=bank.consumer_id, rotate=True)
            replies = _use_and_misuse(admin, bank, issued.data["api_key"])
        finally:
            logging.getLogger().removeHandler(handler)
            configure_logging("WARNING", "fintegrate")

    audit = query("SELECT * FROM audit_log")
    stored = query("SELECT * FROM idempotency_keys")
    texts = [admin.key or "", bank.api.key or "", issued.data["api_key"]]
    shown = f"{lines.getvalue()} {caplog.text} {audit} {stored} {replies}"
    assert len(audit) >= 5
    assert "GET /consumer/api-key 200" in shown  # the lines were really caught
    for text in texts:
        assert parsed(text).secret not in shown
        assert text not in shown


def _use_and_misuse(admin: Api, bank: Bank, new_key: str) -> list[Reply]:
    """Requests of all kinds that carry keys: in headers, bodies and query strings."""
    new = Api(new_key)
    once = {"Idempotency-Key": str(uuid.uuid4())}
    deactivate = {"api_key": new_key}
    return [
        new.get("/consumer/api-key", api_key=new_key),
        new.get("/consumer/api-key", api_key=new_key + "0"),
        new.get("/consumer/api-key", apikey=new_key),
        new.get("/customer/list"),
        bank.api.get("/customer/list"),
        admin.post("/consumer/deactivate-api-key", api_key=new_key + "0"),
        admin.post("/consumer/deactivate-api-key", api_key=[new_key]),
        admin("POST", "/consumer/deactivate-api-key", deactivate, headers=once),
        admin.post("/consumer/deactivate-api-key", **deactivate),
        new.get("/customer/list"),
        Api(new_key + "0").get("/customer/list"),
        Api(with_wrong_secret(admin.key)).get("/customer/list"),
        admin.post("/consumer/deactivate-api-key", api_key=admin.key),
    ]
