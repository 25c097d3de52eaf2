"""Settings: from the environment or from the secret, complete or refused by name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from fintegrate.settings import Settings, SettingsError, load_settings

NEEDED = {
    "DATABASE_URL": "postgresql://user:the-password@host/db",
    "RABBITMQ_URL": "amqp://user:the-password@host/",
    "REDIS_URL": "redis://:the-password@host",
}


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


def test_needed_settings_are_enough() -> None:
    settings = load_settings(NEEDED)

    assert settings.database_url == NEEDED["DATABASE_URL"]
    assert (settings.rate_limit_api_key_per_minute, settings.rate_limit_api_key_burst) == (50, 500)
    assert (settings.delivery_grace_seconds, settings.publish_max_tries) == (300, 10)
    assert (settings.breaker_failures, settings.breaker_open_seconds) == (5, 30)
    assert settings.api_key_bcrypt_cost == 12


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_missing_setting_says_its_name_and_where_to_set_it(name: str, how: str) -> None:
    environment = {**NEEDED, name: ""}
    if how == "absent":
        del environment[name]

    with pytest.raises(SettingsError) as refusal:
        load_settings(environment)

    assert str(refusal.value) == (
        f"{name} is not set and has no default: set it in the environment or in the secret that "
        "SETTINGS_SECRET_ID names; locally `make local` sets it and writes it to .local/env"
    )


def test_numbers_are_read_as_numbers() -> None:
    settings = load_settings({**NEEDED, "RATE_LIMIT_API_KEY_BURST": " 7 ", "REDIS_TIMEOUT_MS": "9"})

    assert (settings.rate_limit_api_key_burst, settings.redis_timeout_ms) == (7, 9)


@pytest.mark.parametrize("wrong", ["many", "1.5", "0x10", "1e3", "-1"])
def test_wrong_number_says_its_name_and_not_its_value(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^SWEEP_BATCH must be a whole number of at least 0$"):
        load_settings({**NEEDED, "SWEEP_BATCH": wrong})


def test_limit_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"RATE_LIMIT_API_KEY_PER_MINUTE .* at least 1"):
        load_settings({**NEEDED, "RATE_LIMIT_API_KEY_PER_MINUTE": "0"})


def test_empty_optional_setting_has_its_default() -> None:
    assert load_settings({**NEEDED, "STAGE": "", "SWEEP_BATCH": ""}).sweep_batch == 2_000


def test_unknown_variables_are_ignored() -> None:
    assert load_settings({**NEEDED, "PATH": "/bin"}) == load_settings(NEEDED)


def test_secrets_are_not_shown() -> None:
    settings = load_settings({**NEEDED, "ADMIN_API_KEY": "fk_the-password"})

    assert "the-password" not in f"{settings!r} {settings}"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        load_settings(NEEDED).stage = "other"  # type: ignore[misc]


def test_secret_holds_what_the_environment_does_not(secrets: object) -> None:
    environment = store(secrets, **NEEDED, SWEEP_BATCH=17, ADMIN_API_KEY="fk_x")

    settings = load_settings(environment)

    assert settings.database_url == NEEDED["DATABASE_URL"]
    assert (settings.sweep_batch, settings.admin_api_key) == (17, "fk_x")


def test_environment_wins_over_the_secret(secrets: object) -> None:
    environment = store(secrets, **NEEDED, STAGE="secret", SWEEP_BATCH=17)

    settings = load_settings({**environment, "STAGE": "environment"})

    assert (settings.stage, settings.sweep_batch) == ("environment", 17)


def test_empty_variable_does_not_hide_the_secret(secrets: object) -> None:
    environment = store(secrets, **NEEDED, SWEEP_BATCH=17)

    settings = load_settings({**environment, "DATABASE_URL": "", "SWEEP_BATCH": ""})

    assert (settings.database_url, settings.sweep_batch) == (NEEDED["DATABASE_URL"], 17)


def test_setting_missing_in_both_is_named(secrets: object) -> None:
    environment = store(secrets, DATABASE_URL="x", RABBITMQ_URL="x")

    with pytest.raises(SettingsError, match=r"^REDIS_URL is not set"):
        load_settings(environment)


def test_boto3_is_imported_only_for_a_secret() -> None:
    program = (
        "import sys; from fintegrate.settings import load_settings; "
        f"load_settings({NEEDED!r}); "
        "sys.exit(bool({'boto3', 'botocore'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd="vendor", check=False)

    assert done.returncode == 0


def test_every_setting_has_a_type_that_is_read() -> None:
    """A field of another type would silently stay text."""
    assert {field.type for field in Settings.__dataclass_fields__.values()} == {"str", "int"}
