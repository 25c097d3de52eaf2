"""Who comes in: what each kind of wrong key gets, what it costs us, and what it leaves behind."""

from __future__ import annotations

import io
import logging
import uuid

import bcrypt
import pytest

from chalicelib.banking.wiring import Parts
from fintegrate.access.keys import ApiKey, new_api_key, parse_api_key
from fintegrate.logs import configure_logging
from tests.support.api import Api, Reply
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query

MALFORMED = "X-API-Key is malformed; check that the key was copied as a whole"
INVALID = "X-API-Key is not a valid key; ask the operator for a new one"


def ask(key: str | None, source_ip: str = "127.0.0.1") -> Reply:
    return Api(key, source_ip).get("/customer/list")


def parsed(api: Api) -> ApiKey:
    key = parse_api_key(api.key or "")
    assert key is not None
    return key


def with_wrong_secret(api: Api) -> str:
    """A key of good form that names this row and does not know its secret."""
    return ApiKey(parsed(api).key_id, new_api_key().secret).text


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
    unknown, wrong = ask(new_api_key().text), ask(with_wrong_secret(bank.api))

    assert unknown.status == 401
    assert unknown.description == INVALID
    assert unknown.body == wrong.body


def test_wrong_secret_hides_keys_state(bank: Bank, admin: Api) -> None:
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)

    assert ask(with_wrong_secret(bank.api)).description == INVALID
    assert "deactivated" in ask(bank.api.key).description


def test_unknown_key_costs_no_bcrypt(parts: Parts, checks: list[bytes]) -> None:
    for _ in range(20):
        assert ask(new_api_key().text).status == 401

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

    assert checks == [parsed(bank.api).secret.encode()]


def test_wrong_secret_repeated_costs_one_bcrypt(bank: Bank, checks: list[bytes]) -> None:
    wrong = with_wrong_secret(bank.api)

    statuses = {ask(wrong).status for _ in range(10)}

    assert statuses == {401}
    assert len(checks) == 1


def test_wrong_secrets_are_bounded(
    bank: Bank, environment: dict[str, str], checks: list[bytes]
) -> None:
    with parts_with(environment, API_KEY_WRONG_SECRETS_PER_MINUTE="3"):
        replies = [ask(with_wrong_secret(bank.api)) for _ in range(10)]

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
        attack = [ask(with_wrong_secret(bank.api)).status for _ in range(5)]

        assert attack == [401, 401, 429, 429, 429]
        assert bank.api.get("/customer/list").status == 200


def test_attack_elsewhere_locks_no_process(bank: Bank, environment: dict[str, str]) -> None:
    """A process that has not seen the true key yet still takes it from its owner's address."""
    with parts_with(environment, API_KEY_WRONG_SECRETS_PER_MINUTE="2"):
        for _ in range(5):
            ask(with_wrong_secret(bank.api), source_ip="203.0.113.7")

        assert ask(bank.api.key, source_ip="198.51.100.4").status == 200


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
    keys = [parsed(admin), parsed(bank.api), parsed(Api(issued.data["api_key"]))]
    shown = f"{lines.getvalue()} {caplog.text} {audit} {stored} {replies}"
    assert len(audit) >= 5
    assert "GET /consumer/api-key 200" in shown  # the lines were really caught
    for key in keys:
        assert key.secret not in shown
        assert key.text not in shown


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
        Api(with_wrong_secret(admin)).get("/customer/list"),
        admin.post("/consumer/deactivate-api-key", api_key=admin.key),
    ]
