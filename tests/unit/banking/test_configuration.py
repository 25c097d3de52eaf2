"""Banking's settings: their defaults are documented, and each has a type that is read."""

from __future__ import annotations

from dataclasses import fields

from chalicelib.banking.configuration import Configuration

SERVERS = ("postgresql://host/db", "amqp://host", "redis://host")


def test_defaults_are_those_documented() -> None:
    settings = Configuration(*SERVERS)

    assert (settings.rate_limit_api_key_per_minute, settings.rate_limit_api_key_burst) == (50, 500)
    assert (settings.delivery_grace_seconds, settings.publish_max_tries) == (300, 10)
    assert (settings.breaker_failures, settings.breaker_open_seconds) == (5, 30)
    assert (settings.api_key_bcrypt_cost, settings.sweep_batch) == (12, 2_000)


def test_every_setting_is_text_or_number() -> None:
    """A field of another type would silently stay text."""
    assert {field.type for field in fields(Configuration)} == {str, int}


def test_no_secret_is_ever_shown() -> None:
    settings = Configuration(*(f"{url}?the-password" for url in SERVERS), "fk_the-password")

    assert "the-password" not in f"{settings!r} {settings}"
