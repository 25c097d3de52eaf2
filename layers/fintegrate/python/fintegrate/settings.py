"""The configuration as one typed object, read from the environment when first needed.

In AWS the secrets are one JSON object in Secrets Manager, named by `SETTINGS_SECRET_ID`; a variable
of the environment wins over it. boto3 is imported only when that name is set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

SECRET_ID = "SETTINGS_SECRET_ID"  # noqa: S105 - the name of a variable, not a secret


class SettingsError(Exception):
    """A setting is missing or cannot be read as its type; the text names it and where to set it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the functions; the variable is the field's name in upper case."""

    database_url: str = field(repr=False)
    rabbitmq_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    admin_api_key: str = field(default="", repr=False)
    """The admin's key; only the migration step reads it."""

    stage: str = "local"
    log_level: str = "INFO"
    max_body_bytes: int = 1_048_576
    """A larger body is refused with 413."""

    rate_limit_api_key_per_minute: int = field(default=50, metadata={"least": 1})
    rate_limit_api_key_burst: int = field(default=500, metadata={"least": 1})
    redis_timeout_ms: int = 50
    redis_retry_seconds: int = 10
    """After Redis failed, requests pass without asking it for this long."""

    api_key_bcrypt_cost: int = 12
    api_key_wrong_secrets_per_minute: int = 5
    """How many wrong secrets per key and minute one process checks with bcrypt."""

    database_connect_timeout_seconds: int = 3
    database_statement_timeout_ms: int = 20_000
    database_lock_timeout_ms: int = 5_000

    publish_timeout_ms: int = 1_000
    """What publishing may add to a request, connecting included."""
    publish_handoff_seconds: int = 5
    """An event younger than this may still be in the hands of the request that wrote it."""
    publish_max_tries: int = 10
    breaker_failures: int = 5
    breaker_open_seconds: int = 30
    delivery_grace_seconds: int = 300
    sweep_seconds: int = 20
    """How long resend and redeliver work per call: they stop before the gateway's 29 s."""
    sweep_batch: int = 1_000

    receipt_retention_days: int = 365
    audit_retention_days: int = 365


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read every field from `environment` and, when it names one, from the secret.

    Raises:
        SettingsError: a setting without default is missing, or a number is not one or too small.
    """
    values = dict(_secret(environment[SECRET_ID])) if environment.get(SECRET_ID) else {}
    values.update({name: text for name, text in environment.items() if text})
    return Settings(**{f.name: _read(f, values) for f in fields(Settings)})


def _read(setting: Field[Any], values: Mapping[str, str]) -> Any:
    name = setting.name.upper()
    text = values.get(name, "").strip()
    if not text:
        if setting.default is MISSING:
            raise SettingsError(
                f"{name} is not set and has no default: set it in the environment or in the secret "
                f"that {SECRET_ID} names; locally `make local` sets it and writes it to .local/env"
            )
        return setting.default
    if setting.type != "int":
        return text
    least = setting.metadata.get("least", 0)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsError(f"{name} must be a whole number of at least {least}")
    return int(text)


def _secret(secret_id: str) -> dict[str, str]:
    import boto3

    stored = boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)
    return {name: str(value) for name, value in json.loads(stored["SecretString"]).items()}
