"""Which stacks a stage has, and in which order they are made."""

from __future__ import annotations

from chalicelib.systems import NAMES
from local.aws.deployment import all_parts
from local.aws.parameters import INFRA


def test_systems_come_after_the_servers() -> None:
    names = [part.stack("dev") for part in all_parts(("banking", "letters"))]

    assert names[-7:] == [
        "fintegrate-dev-monitoring-servers",
        "fintegrate-dev-banking-migration",
        "fintegrate-dev-banking-functions",
        "fintegrate-dev-monitoring-banking",
        "fintegrate-dev-letters-migration",
        "fintegrate-dev-letters-functions",
        "fintegrate-dev-monitoring-letters",
    ]
    assert "fintegrate-dev-database" in names[:-7]


def test_every_system_has_its_files() -> None:
    for system in NAMES:
        assert (INFRA / "systems" / f"{system}.yaml").exists()
        assert (INFRA / "monitoring" / f"{system}.yaml").exists()
