"""Settings: from the environment or from the secret, complete or refused by name."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fintegrate.logs import configure_logging, line_handler
from fintegrate.outside_record import record_at
from fintegrate.settings import SettingsError, load

NEEDED = {
    "LETTERS_DATABASE_URL": "postgresql://user:the-password@host/db",
    "REDIS_URL": "redis://:the-password@host",
}


@dataclass(frozen=True, slots=True)
class Letters:
    """The configuration of an invented system."""

    letters_database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    seal: str = field(default="", repr=False)
    stage: str = "local"
    batch: int = 2_000
    burst: int = field(default=500, metadata={"least": 1})


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Secrets Manager, with an account of nobody's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("secretsmanager")
        yield client
        client.close()


def store(client: object, **values: object) -> dict[str, str]:
    """An environment that names a secret with these values."""
    client.create_secret(Name="fintegrate", SecretString=json.dumps(values))  # type: ignore[attr-defined]
    return {"SETTINGS_SECRET_ID": "fintegrate"}


def test_several_secrets_are_read(secrets: Any) -> None:
    secrets.create_secret(Name="one", SecretString=json.dumps({"SEAL": "first", "STAGE": "dev"}))
    secrets.create_secret(Name="two", SecretString=json.dumps({"SEAL": "second"}))

    settings = load(Letters, {**NEEDED, "SEAL": "", "SETTINGS_SECRET_ID": "one,two"})

    assert (settings.seal, settings.stage) == ("second", "dev")


def test_needed_settings_are_enough() -> None:
    settings = load(Letters, NEEDED)

    assert settings.letters_database_url == NEEDED["LETTERS_DATABASE_URL"]
    assert (settings.stage, settings.batch, settings.burst) == ("local", 2_000, 500)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_missing_setting_is_explained(name: str, how: str) -> None:
    environment = {**NEEDED, name: ""}
    if how == "absent":
        del environment[name]

    with pytest.raises(SettingsError) as refusal:
        load(Letters, environment)

    assert str(refusal.value) == (
        f"{name} is not set and has no default: set it in the environment or in the secret that "
        "SETTINGS_SECRET_ID names; locally `make local` sets it and writes it to .local/env"
    )


def test_numbers_are_read_as_numbers() -> None:
    settings = load(Letters, {**NEEDED, "BURST": " 7 ", "BATCH": "9"})

    assert (settings.burst, settings.batch) == (7, 9)


@pytest.mark.parametrize("wrong", ["many", "1.5", "0x10", "1e3", "-1"])
def test_wrong_number_hides_its_value(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^BATCH must be a whole number of at least 0$"):
        load(Letters, {**NEEDED, "BATCH": wrong})


def test_limit_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"BURST .* at least 1"):
        load(Letters, {**NEEDED, "BURST": "0"})


def test_empty_optional_setting_has_its_default() -> None:
    assert load(Letters, {**NEEDED, "STAGE": "", "BATCH": ""}).batch == 2_000


def test_unknown_variables_are_ignored() -> None:
    assert load(Letters, {**NEEDED, "PATH": "/bin"}) == load(Letters, NEEDED)


def test_secrets_are_not_shown() -> None:
    settings = load(Letters, {**NEEDED, "SEAL": "fk_the-password"})

    assert "the-password" not in f"{settings!r} {settings}"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        load(Letters, NEEDED).stage = "other"  # type: ignore[misc]


def test_secret_completes_the_environment(secrets: object) -> None:
    environment = store(secrets, **NEEDED, BATCH=17, SEAL="fk_x")

    settings = load(Letters, environment)

    assert settings.letters_database_url == NEEDED["LETTERS_DATABASE_URL"]
    assert (settings.batch, settings.seal) == (17, "fk_x")


def test_environment_wins_over_the_secret(secrets: object) -> None:
    environment = store(secrets, **NEEDED, STAGE="secret", BATCH=17)

    settings = load(Letters, {**environment, "STAGE": "environment"})

    assert (settings.stage, settings.batch) == ("environment", 17)


def test_empty_variable_keeps_the_secret(secrets: object) -> None:
    environment = store(secrets, **NEEDED, BATCH=17)

    settings = load(Letters, {**environment, "LETTERS_DATABASE_URL": "", "BATCH": ""})

    assert (settings.letters_database_url, settings.batch) == (NEEDED["LETTERS_DATABASE_URL"], 17)


def test_setting_missing_in_both_is_named(secrets: object) -> None:
    environment = store(secrets, LETTERS_DATABASE_URL="x")

    with pytest.raises(SettingsError, match=r"^REDIS_URL is not set"):
        load(Letters, environment)


def test_only_secrets_import_boto3() -> None:
    program = (
        "import sys; from dataclasses import make_dataclass; "
        "from fintegrate.settings import load; "
        "load(make_dataclass('Letters', [('redis_url', str)]), {'REDIS_URL': 'redis://host'}); "
        "sys.exit(bool({'boto3', 'botocore'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd="vendor", check=False)

    assert done.returncode == 0


def test_credentials_go_into_their_own_url(secrets: object) -> None:
    secrets.create_secret(  # type: ignore[attr-defined]
        Name="letters-database", SecretString=json.dumps({"username": "scribe", "password": "p/w"})
    )
    environment = {
        "LETTERS_DATABASE_URL": "postgresql://host/db",
        "REDIS_URL": "redis://host",
        "LETTERS_DATABASE_SECRET_ID": "letters-database",
    }

    settings = load(Letters, environment)

    assert settings.letters_database_url == "postgresql://scribe:p%2Fw@host/db"
    assert settings.redis_url == "redis://host"


def test_secrets_are_logged_at_no_level(secrets: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """At DEBUG the packages that we use write down what they send and receive."""
    environment = store(secrets, **NEEDED, SEAL="fk_the-password")
    record = record_at("fintegrate")
    written = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [line_handler("letters", written)])

    configure_logging("DEBUG", "letters")
    load(Letters, environment)
    assert record is not None
    record.write({**record.read(), "STAGE": "the-password"})
    logging.getLogger("fintegrate.letters").debug("ours")
    configure_logging("WARNING", "letters")

    assert "ours" in written.getvalue()
    assert "the-password" not in written.getvalue()
