"""What the consumer must be told about its surroundings, and where it finds that.

The API key and the broker's user come from the environment only: both are this bank's own. The addresses
come from the environment or, where the harness runs, from the file `.local/env` that it writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[3]

_WHERE = {
    "FINTEGRATE_API_KEY": (
        "make a key with POST /consumer/api-key and the admin's key, "
        "then export it as FINTEGRATE_API_KEY"
    ),
    "BASE_URL": "run `make up`, or export it (http://127.0.0.1:8000)",
    "BROKER_URL": "run `make up`, or export the `url` of POST /consumer/broker-access",
    "BROKER_USERNAME": "export the `username` of POST /consumer/broker-access",
    "BROKER_PASSWORD": "export the `password` of POST /consumer/broker-access",
}


_SCHEMES = {"BASE_URL": ("http://", "https://"), "BROKER_URL": ("amqp://", "amqps://")}


class WrongSetting(Exception):
    """A setting is missing or makes no sense; the text says which, and where to set it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The consumer's surroundings. What holds a secret is left out of `repr`."""

    base_url: str
    api_key: str = field(repr=False)
    broker_url: str = field(repr=False)
    """With user and password."""


def read_settings(environment: Mapping[str, str], root: Path = ROOT) -> Settings:
    """Read the settings.

    Raises:
        WrongSetting: one is missing or malformed
    """
    known = {**_addresses(root / ".local" / "env"), **environment}
    return Settings(
        base_url=_required(known, "BASE_URL"),
        api_key=_required(environment, "FINTEGRATE_API_KEY"),
        broker_url=_with_user(_required(known, "BROKER_URL"), environment),
    )


def _with_user(url: str, environment: Mapping[str, str]) -> str:
    """The URL with the bank's own user, unless one stands in it."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return url
    user = quote(_required(environment, "BROKER_USERNAME"), safe="")
    password = quote(_required(environment, "BROKER_PASSWORD"), safe="")
    return parts._replace(netloc=f"{user}:{password}@{parts.netloc}").geturl()


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
    found = {name.strip(): value.strip().strip("'\"") for name, equals, value in pairs if equals}
    addresses = {"BASE_URL": found["BASE_URL"]} if "BASE_URL" in found else {}
    if platforms := found.get("RABBITMQ_URL"):  # its address; the user in it is the platform's
        parts = urlsplit(platforms)
        own = parts._replace(netloc=parts.netloc.rpartition("@")[2])
        addresses["BROKER_URL"] = own.geturl()
    return addresses
