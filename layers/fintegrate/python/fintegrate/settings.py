"""A system's configuration as one typed object, read from the environment when first needed.

The configuration is a frozen dataclass that the system defines. A setting's variable is the field's
name in upper case. In AWS secrets come from Secrets Manager. `SETTINGS_SECRET_ID` names secrets with a
JSON object of settings each, separated by commas; variables of the environment override them. For a
setting `X_URL`, `X_SECRET_ID` names a secret with `password` and perhaps `username`, as AWS makes and
rotates them. Both are put into the URL. boto3 is imported only if one of these variables is set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlsplit

SECRET_ID = "SETTINGS_SECRET_ID"  # noqa: S105 - the name of a variable, not a secret
C = TypeVar("C")


class SettingsError(Exception):
    """A setting is missing or has the wrong type; the text names it and where to set it."""


def load(configuration: type[C], environment: Mapping[str, str]) -> C:
    """Read every field of a frozen dataclass from `environment` or from the secret that it names.

    A field is text or an integer. `metadata={"least": 1}` is the minimum of an integer, otherwise 0. A
    secret field has `repr=False`.

    Raises:
        SettingsError: a setting without a default is missing, or an integer is malformed or too small.
    """
    read = _secret_reader()
    values: dict[str, str] = {}
    for named in filter(None, environment.get(SECRET_ID, "").split(",")):
        values.update(read(named))
    values.update({name: text for name, text in environment.items() if text})
    wanted = fields(cast(Any, configuration))
    for name in (setting.name.upper() for setting in wanted):
        secret_id = environment.get(f"{name.removesuffix('_URL')}_SECRET_ID")
        if name.endswith("_URL") and secret_id and values.get(name):
            values[name] = _with_credentials(values[name], read(secret_id))
    return configuration(**{setting.name: _read(setting, values) for setting in wanted})


def read_object(setting: str, text: str) -> dict[str, Any]:
    """Read a setting that is a JSON object.

    Raises:
        SettingsError: it is no JSON object, or a name stands in it twice; its text is not repeated.
    """
    found: object = None
    with suppress(ValueError, RecursionError):
        found = json.loads(text, object_pairs_hook=_without_twins)
    if isinstance(found, dict):
        return found
    raise SettingsError(f"{setting} must be a JSON object in which no name stands twice")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


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
    if setting.type not in {"int", int}:
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
    """Make a reader of secrets; it creates its one client for the first secret."""
    client: Any = None

    def read(secret_id: str) -> dict[str, str]:
        nonlocal client
        if client is None:
            import boto3

            client = boto3.client("secretsmanager")
        stored = client.get_secret_value(SecretId=secret_id)["SecretString"]
        return {name: str(value) for name, value in json.loads(stored).items()}

    return read
