"""A migration that fails stops the deployment while the old functions still answer."""

from __future__ import annotations

import boto3
import pytest

from local.aws.migration import SchemaNotMigrated
from local.aws.packaged import Package
from tests.integration.local.aws.account import FUNCTIONS_STACK, AccountStacks, functions_answer
from tests.integration.local.aws.conftest import deployment


@pytest.mark.filterwarnings("ignore")  # moto says what it does not know in warnings
def test_failed_migration_stops_the_deployment(account: str, packaged: Package) -> None:
    failed = {"errorMessage": "20261120_1600_initial_schema.sql: syntax error"}
    functions_answer(account, {"prepared": []}, failed)
    stacks = AccountStacks()
    looked_at: list[str] = []

    with pytest.raises(SchemaNotMigrated, match="initial_schema"):
        deployment(stacks, [], looked_at).run({"banking": lambda: packaged})

    assert FUNCTIONS_STACK not in stacks.started
    functions = boto3.client("lambda").list_functions()["Functions"]
    assert sorted(f["FunctionName"] for f in functions) == [
        "fintegrate-banking-dev-migrate",
        "fintegrate-banking-dev-prepare-database",
    ]
    assert looked_at == []


@pytest.mark.night_long
@pytest.mark.filterwarnings("ignore")
def test_no_migration_without_its_users(account: str, packaged: Package) -> None:
    functions_answer(account, {"errorMessage": "fintegrate_app is a member of …"}, {"applied": []})
    stacks = AccountStacks()

    with pytest.raises(SchemaNotMigrated, match="users were not made: fintegrate_app is a member"):
        deployment(stacks, [], []).run({"banking": lambda: packaged})

    assert FUNCTIONS_STACK not in stacks.started
