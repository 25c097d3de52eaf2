"""Health and metrics of a process that serves several systems: each answers for itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chalicelib import systems
from chalicelib.operations import health
from chalicelib.operations.read_metrics import gauges_of
from fintegrate.metrics import GaugeFamily
from fintegrate.settings import SettingsError
from fintegrate.system import Probe, System


def system(name: str, probes: dict[str, Probe] | None = None) -> System:
    """An invented system whose database is its name."""
    parts = cast(Any, SimpleNamespace(database=f"{name}'s database"))
    return System(
        name=name,
        databases=(),
        configuration=object,
        services={},
        request_parts=lambda: parts,
        probes=lambda: probes or {},
        gauges=lambda db: [GaugeFamily(name, str(db), {(): 1.0})],
        description=cast(Any, None),
        after_migrations=lambda _settings: None,
    )


def test_gauges_come_from_their_own_database() -> None:
    families = gauges_of([system("first"), system("second")])

    assert [family.description for family in families] == [
        "first's database",
        "second's database",
    ]


def test_further_system_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OSError

    up, cache = Probe(lambda: None, needed=True), Probe(away)
    served = [system("a", {"database": up}), system("b", {"database": up, "cache": cache})]
    monkeypatch.setattr(systems, "served", lambda: served)
    monkeypatch.setattr(health, "read_states", lambda _served: {})

    state = health._check()

    assert state.keys() == {"database", "b"}
    line = state["b"]
    assert (line["status"], line["database"]["status"], line["cache"]["status"]) == (
        "up",
        "up",
        "down",
    )


def test_missing_settings_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise SettingsError("B_URL is not set")

    served = [system("a"), system("b")._replace(request_parts=missing)]
    monkeypatch.setattr(systems, "served", lambda: served)
    monkeypatch.setattr(health, "read_states", lambda _served: {})

    assert health._check() == {"b": {"status": "not_configured"}}
    assert [each.name for each in systems.configured()] == ["a"]
