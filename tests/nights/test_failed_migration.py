"""A migration fails: the documented command says so in one sentence, and what ran before still runs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

from local.machine.checkout import ROOT
from local.services.databases import with_users
from local.services.running import RunningServices
from tests.support.banking import Bank
from tests.support.fixtures import Query

DOCUMENTED = re.search(
    r"`(PYTHONPATH=vendor \S+ -m chalicelib\.operations\.migrate)`",
    (ROOT / "docs/banking/operations.md").read_text(encoding="utf-8"),
)


def run_documented(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command as written, in a shell that knows nothing of the harness."""
    assert DOCUMENTED
    settings = {name: text for name, text in environment.items() if name != "PYTHONPATH"}
    return subprocess.run(
        DOCUMENTED[1],
        shell=True,
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_documented_command_migrates(
    services: RunningServices, environment: dict[str, str], empty_database: Callable[[], str]
) -> None:
    done = run_documented({**environment, **with_users(services.urls, empty_database())})

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("applied 20261120_1600_initial_schema.sql\n")


def test_failed_migration_is_one_sentence(
    bank: Bank, environment: dict[str, str], query: Query
) -> None:
    query("UPDATE migration_history SET checksum = 'edited' WHERE name ~ 'initial_schema'")

    done = run_documented(environment)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "migration failed: 20261120_1600_initial_schema.sql: was edited after it was applied; "
        "write a new migration\n"
    )
    bank.create_customer()
