"""CORS_ORIGINS is for the paths of app.events, also where one process serves all systems."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import systems
from chalicelib.appevents import wiring
from fintegrate.settings import SettingsError

PAGE = "https://app.example.com"
OWN = ["/api/v1/feed/{owner_id}/access", "/api/v1/health", "/api/v1/nothing", "/app/demo"]
OTHERS = ["/customer/data", "/v1/events", "/admin/lanes", "/health", "/openapi.json", "/apiv1", "/"]


@pytest.fixture(autouse=True)
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CORS_ORIGINS", PAGE)
    yield
    systems.served.use(None)


def listed(path: str) -> bool:
    origins = systems.origins(path)
    return origins is not None and PAGE in origins.listed


def test_other_systems_list_no_page() -> None:
    systems.served.use(systems.named(None))

    assert [path for path in OWN + OTHERS if listed(path)] == OWN


def test_own_package_lists_pages_everywhere() -> None:
    systems.served.use(systems.named("appevents"))

    assert listed("/health")
    assert listed("/openapi.json")


def test_function_refuses_a_wrong_origin() -> None:
    environment = {
        "APP_RABBITMQ_URL": "amqp://a:b@127.0.0.1/app",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CORS_ORIGINS": f"{PAGE}/app",
    }

    with pytest.raises(SettingsError, match=r"^CORS_ORIGINS: 'https://app.example.com/app' is no"):
        wiring.build(environment)
