from __future__ import annotations

import pytest

from local.services import external
from local.services.choice import wanted_kind
from local.services.running import settings_environment
from local.services.service import ServiceError


def test_unknown_kind_of_services_is_refused(monkeypatch):
    monkeypatch.setenv("LOCAL_SERVICES", "podman")

    with pytest.raises(ServiceError, match="docker, native, external"):
        wanted_kind()


def test_unset_kind_is_none(monkeypatch):
    monkeypatch.delenv("LOCAL_SERVICES", raising=False)

    assert wanted_kind() is None


def test_external_services_name_what_is_missing():
    with pytest.raises(ServiceError) as error:
        external.addresses({"DATABASE_URL": "postgresql://", "REDIS_URL": ""})

    assert str(error.value).endswith("set RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL, REDIS_URL")


def test_callers_settings_win_over_defaults_and_overrides_over_all(monkeypatch):
    class Urls:
        database_url = rabbitmq_url = rabbitmq_management_url = redis_url = "ours"

    monkeypatch.setenv("ADMIN_API_KEY", "theirs")
    monkeypatch.setenv("DATABASE_URL", "theirs")
    monkeypatch.setenv("RATE_LIMIT_IP_PER_MINUTE", "7")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")

    settings = settings_environment(Urls, LOG_LEVEL="ERROR")

    assert settings["ADMIN_API_KEY"] == "theirs"
    assert settings["DATABASE_URL"] == "ours"
    assert settings["RATE_LIMIT_IP_PER_MINUTE"] == "7"
    assert settings["RATE_LIMIT_API_KEY_PER_MINUTE"] == "50"
    assert settings["LOG_LEVEL"] == "ERROR"
