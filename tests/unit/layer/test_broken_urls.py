"""A server's URL that a special character in its password has broken is not shown to anybody."""

from __future__ import annotations

import traceback

import pytest

from chalicelib.banking.wiring import build
from fintegrate.errors import Unavailable
from fintegrate.settings import SettingsError

GOOD = {
    "DATABASE_URL": "postgresql://user:word@127.0.0.1,127.0.0.2:1/db",
    "RABBITMQ_URL": "amqp://user:word@127.0.0.1:1/%2F",
    "REDIS_URL": "redis://127.0.0.1:1",
}
BROKEN = ["SECRET#word", "SECRET/word", "SECRET?word", "[SECRET", "SECRET%zz"]


def test_good_urls_are_taken() -> None:
    build(GOOD)


@pytest.mark.parametrize("password", BROKEN)
@pytest.mark.parametrize("name", ["DATABASE_URL", "RABBITMQ_URL"])
def test_broken_url_is_never_repeated(
    name: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = GOOD[name].replace("word", password)

    with pytest.raises((SettingsError, Unavailable)) as refusal:
        ask({**GOOD, name: broken})

    told = "".join(traceback.format_exception(refusal.value))
    assert "SECRET" not in told + caplog.text


def ask(environment: dict[str, str]) -> None:
    build(environment).request.database.fetch_one("SELECT 1", {})


def test_broken_url_names_its_setting() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL cannot be read"):
        build({**GOOD, "DATABASE_URL": "postgresql://user:SECRET/word@127.0.0.1/db"})
    with pytest.raises(SettingsError, match="RABBITMQ_URL cannot be read"):
        build({**GOOD, "RABBITMQ_URL": "amqp://user:SECRET/word@127.0.0.1"})
