"""What the consumer must be told about its surroundings, and where it finds that.

The API key comes from the environment only. The addresses come from the environment or, where
the harness runs, from the file `.local/env` that it writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

_WHERE = {
    "FINTEGRATE_API_KEY": (
        "make a key with POST /consumer/api-key and the admin's key, "
        "then export it as FINTEGRATE_API_KEY"
    ),
    "BASE_URL": "run `make up`, or export it (http://127.0.0.1:8000)",
    "RABBITMQ_URL": "run `make up`, or export it (amqp://user:password@host:5672/vhost)",
}


_SCHEMES = {"BASE_URL": ("http://", "https://"), "RABBITMQ_URL": ("amqp://", "amqps://")}


class WrongSetting(Exception):
    """A setting is missing or makes no sense; the text says which, and where to set it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The consumer's surroundings. What holds a secret is left out of `repr`."""

    base_url: str
    api_key: str = field(repr=False)
    rabbitmq_url: str = field(repr=False)


def read_settings(environment: Mapping[str, str], root: Path = ROOT) -> Settings:
    """Read the settings.

    Raises:
        WrongSetting: one is missing or malformed
    """
    known = {**_addresses(root / ".local" / "env"), **environment}
    return Settings(
        base_url=_required(known, "BASE_URL"),
        api_key=_required(environment, "FINTEGRATE_API_KEY"),
        rabbitmq_url=_required(known, "RABBITMQ_URL"),
    )


def _required(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "").strip()
    if not value:
        raise WrongSetting(f"{name} is not set: {_WHERE[name]}")
    schemes = _SCHEMES.get(name, ("",))
    if not value.startswith(schemes):  # the value itself is not shown: it may hold a password
        raise WrongSetting(f"{name} must start with {' or '.join(schemes)}")
    return value


def _addresses(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in file.read_text().splitlines())
    return {
        name.strip(): value.strip().strip("'\"")
        for name, equals, value in pairs
        if equals and name.strip() in ("BASE_URL", "RABBITMQ_URL")
    }
