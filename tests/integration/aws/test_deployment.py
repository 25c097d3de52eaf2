"""A deployment to a moto server leaves what app.py promises, piece by piece."""

from __future__ import annotations

from tests.integration.aws.conftest import Deployed


def test_migration_runs_before_the_functions_change(deployed: Deployed) -> None:
    order = deployed.stacks.started

    assert order.index("fintegrate-dev-migration") < order.index("fintegrate-dev-functions")
    assert deployed.looked_at == ["https://api.test"]
