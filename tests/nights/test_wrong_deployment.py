"""A deployment was wrong: the earlier code is deployed again, on the newer one's database."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fintegrate.migrations import MigrationFailed, migrate
from local.artifact.package.make import package
from local.artifact.rollback import NoSuchCommit, earlier, settings_for
from local.artifact.server import start_artifacts
from local.banking.client import JSON
from local.machine.checkout import ROOT, Checkout
from tests.support.fixtures import Query

NEWER = "29990101_0000_newer.sql"
ADDED = "{head}\n\nBEGIN;\n\nALTER TABLE customers ADD COLUMN newer text;\n\nCOMMIT;\n"


@pytest.fixture
def deploy_newer(database_url: str, tmp_path: Path) -> Callable[[str], None]:
    """The newer code's migration is applied; its head is given."""

    def deploy(head: str) -> None:
        for file in (ROOT / "sql/banking/migrations").glob("*.sql"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        (tmp_path / NEWER).write_text(ADDED.format(head=head))
        assert migrate(database_url, tmp_path) == [NEWER]

    return deploy


@pytest.mark.night_long
def test_earlier_artifact_serves_after_additive_migration(
    deploy_newer: Callable[[str], None], environment: dict[str, str], query: Query
) -> None:
    deploy_newer("-- additive")

    settings = {**environment, "SCHEDULER": "off", "LAMBDA_SANDBOX": "process"}
    with start_artifacts([package("banking")], settings).server as server:
        assert httpx.get(f"{server.base_url}/health", timeout=60).status_code == 200
        headers = {**JSON, "X-API-Key": environment["ADMIN_API_KEY"]}
        answer = httpx.post(
            f"{server.base_url}/customer/data", json={"name": "Ada"}, headers=headers, timeout=60
        )

    assert answer.status_code == 201
    assert query("SELECT newer FROM customers WHERE name = 'Ada'") == [{"newer": None}]


def test_other_migration_stops_the_rollback(
    deploy_newer: Callable[[str], None], database_url: str
) -> None:
    deploy_newer("-- Not only added.")

    with pytest.raises(MigrationFailed, match=f"{NEWER}: was applied to this database, but is not"):
        migrate(database_url, ROOT / "sql/banking/migrations")


def test_code_of_one_user_is_the_owner(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": "application", "DATABASE_OWNER_URL": "owner", "STAGE": "local"}

    assert settings_for(Checkout(), settings) == settings
    assert settings_for(Checkout(tmp_path), settings) == {**settings, "DATABASE_URL": "owner"}


def test_rollback_takes_the_commits_sources(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for text in ("earlier", "newer"):
        (tmp_path / "code").write_text(text)
        subprocess.run([*git, "add", "code"], check=True)
        subprocess.run([*git, "commit", "-qm", text], check=True)

    sources = earlier(Checkout(tmp_path), "HEAD~1")

    assert (sources.root / "code").read_text() == "earlier"
    assert (tmp_path / "code").read_text() == "newer"
    with pytest.raises(NoSuchCommit):
        earlier(Checkout(tmp_path), "nothing")
