from __future__ import annotations

import pytest

from local.services import external
from local.services.choice import wanted_kind
from local.services.service import ServersUnusable


def test_unknown_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_SERVICES", "podman")

    with pytest.raises(ServersUnusable, match="docker, native, external"):
        wanted_kind()


def test_unset_kind_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_SERVICES", raising=False)

    assert wanted_kind() is None


def test_missing_external_addresses_are_named() -> None:
    variables = ["LETTERS_DATABASE_URL", "PARCELS_DATABASE_URL", "RABBITMQ_URL", "REDIS_URL"]
    environment = {"LETTERS_DATABASE_URL": "postgresql://", "REDIS_URL": ""}

    with pytest.raises(ServersUnusable) as error:
        external.addresses(variables, environment)

    assert str(error.value).endswith("set PARCELS_DATABASE_URL, RABBITMQ_URL, REDIS_URL")
