from __future__ import annotations

from pathlib import Path

import pytest

from fintegrate.access.by_key_hash import hash_of
from local.machine.checkout import Checkout
from local.services.settings import settings_environment
from local.services.urls import ServiceUrls

URLS = ServiceUrls("server", {"DATABASE_URL": "ours"}, {"REDIS_URL": "ours"})


def test_stronger_source_of_a_setting_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMIN_API_KEY", "DATABASE_URL", "REDIS_URL", "STAGE", "LOG_LEVEL"):
        monkeypatch.setenv(name, "theirs")

    settings = settings_environment(URLS, LOG_LEVEL="ERROR")

    assert settings["ADMIN_API_KEY"] == settings["STAGE"] == "theirs"
    assert settings["DATABASE_URL"] == settings["REDIS_URL"] == "ours"
    assert settings["LOG_LEVEL"] == "ERROR"


def test_made_up_secret_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ADMIN_API_KEY", raising=False)
    checkout = Checkout(tmp_path)

    key = settings_environment(URLS, checkout)["ADMIN_API_KEY"]

    assert key.startswith("fk_")
    assert settings_environment(URLS, checkout)["ADMIN_API_KEY"] == key
    assert (tmp_path / ".local" / "secrets" / "admin-api-key").read_text() == key


def test_hash_follows_the_admins_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("APP_ADMIN_KEY_HASHES", raising=False)
    hashes = set()
    for key in ("one", "other"):
        monkeypatch.setenv("ADMIN_API_KEY", key)
        hashes.add(settings_environment(URLS, Checkout(tmp_path))["APP_ADMIN_KEY_HASHES"])

    assert hashes == {hash_of("one"), hash_of("other")}


def test_secret_is_not_made_up_beside_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tokens are checked by an issuer's keys or by a shared secret, never by both."""
    monkeypatch.delenv("JWT_SHARED_SECRET", raising=False)
    assert "JWT_SHARED_SECRET" in settings_environment(URLS, Checkout(tmp_path))

    monkeypatch.setenv("JWT_JWKS_URL", "https://issuer.example/keys")

    assert "JWT_SHARED_SECRET" not in settings_environment(URLS, Checkout(tmp_path))
