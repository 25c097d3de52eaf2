"""Health and metrics of a process that serves several systems: each answers for itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from chalicelib.operations.health import probes_of
from chalicelib.operations.read_metrics import gauges_of
from fintegrate.metrics import GaugeFamily
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


def test_no_probe_hides_another_systems() -> None:
    first, second = Probe(lambda: None, needed=True), Probe(lambda: None)

    probes = probes_of([system("a", {"database": first}), system("b", {"database": second})])

    assert probes == {"database": first, "b_database": second}
