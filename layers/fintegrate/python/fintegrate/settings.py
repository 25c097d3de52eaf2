"""The configuration as one typed object, read from the environment when first needed.

In AWS secrets come from Secrets Manager. `SETTINGS_SECRET_ID` names a JSON object of settings; a
variable of the environment wins over it. `DATABASE_SECRET_ID`, `RABBITMQ_SECRET_ID` and
`REDIS_SECRET_ID` name objects with `password` and perhaps `username`, as AWS makes and rotates them,
which are put into the URL of that name. boto3 is imported only when one of these is set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any
from urllib.parse import quote, urlsplit

SECRET_ID = "SETTINGS_SECRET_ID"  # noqa: S105 - the name of a variable, not a secret
SERVERS = ("DATABASE", "RABBITMQ", "REDIS")


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
    database_options: str = "startup"
    """`startup` asks for these timeouts when connecting; `server` relies on the server's own
    configuration, because RDS Proxy refuses startup options."""

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
    sweep_batch: int = 2_000
    reconcile_seconds: int = field(default=240, metadata={"least": 1})
    """How long the scheduled reconciliation may read; the endpoint's may for `sweep_seconds`."""

    receipt_retention_days: int = 365
    audit_retention_days: int = 365


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read every field from `environment` and, when it names one, from the secret.

    Raises:
        SettingsError: a setting without default is missing, or a number is not one or too small.
    """
    read = _secret_reader()
    values = read(environment[SECRET_ID]) if environment.get(SECRET_ID) else {}
    values.update({name: text for name, text in environment.items() if text})
    for server in SERVERS:
        if environment.get(f"{server}_SECRET_ID") and values.get(f"{server}_URL"):
            secret = read(environment[f"{server}_SECRET_ID"])
            values[f"{server}_URL"] = _with_credentials(values[f"{server}_URL"], secret)
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


def _with_credentials(url: str, secret: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    credentials = (
        f"{quote(secret.get('username', ''), safe='')}:{quote(secret['password'], safe='')}"
    )
    return parts._replace(netloc=f"{credentials}@{parts.netloc.rpartition('@')[2]}").geturl()


def _secret_reader() -> Callable[[str], dict[str, str]]:
    """Reads secrets through one client, which is made for the first of them."""
    client: Any = None

    def read(secret_id: str) -> dict[str, str]:
        nonlocal client
        if client is None:
            import boto3

            client = boto3.client("secretsmanager")
        stored = client.get_secret_value(SecretId=secret_id)["SecretString"]
        return {name: str(value) for name, value in json.loads(stored).items()}

    return read
