"""`make migrate`: one database up, or its last migration down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest

from local.services.databases import create_database, drop_database, system_databases, with_users
from local.services.migrating import NotDone, migrate_service, service_of
from local.services.running import RunningServices
from tests.conftest import WORKER

NAME = f"migrating_{WORKER}"
(DATABASE,) = (each for each in system_databases() if service_of(each) == "machine")
Tables = Callable[[], set[str]]


@pytest.fixture
def tables(services: RunningServices, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """The tables of a database whose users are in the environment."""
    url = create_database(services.urls, NAME)
    for variable, address in with_users(services.urls, url, DATABASE.setting).items():
        monkeypatch.setenv(variable, address)

    def read() -> set[str]:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            return {name for (name,) in cursor.fetchall()}

    yield read
    drop_database(services.urls, NAME)


def test_service_goes_up_and_down(tables: Tables) -> None:
    assert migrate_service("machine", down=False, confirmed="").endswith(
        "001_initial.up.sql, 002_erased_users.up.sql"
    )
    assert "machine_notes" in tables()
    assert migrate_service("machine", down=False, confirmed="") == f"{NAME}: up to date"

    for last in ("002_erased_users.up.sql", "001_initial.up.sql"):
        assert f"undone {last}" in migrate_service("machine", down=True, confirmed="")

    assert tables() == {"migration_history"}
    assert migrate_service("machine", down=True, confirmed="") == f"{NAME}: nothing is applied"


def test_unknown_service_is_named() -> None:
    with pytest.raises(NotDone, match=r"SERVICE must be one of banking, .*'nobody'"):
        migrate_service("nobody", down=False, confirmed="")


def test_down_elsewhere_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE.owner_setting, "postgresql://o:p@db.example:5432/machine_db")

    for confirmed in ("", "video_db", "yes"):
        with pytest.raises(NotDone, match="say CONFIRM=machine_db"):
            migrate_service("machine", down=True, confirmed=confirmed)


def test_migration_without_way_back_is_told(
    services: RunningServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    (banking,) = (each for each in system_databases() if service_of(each) == "banking")
    url = create_database(services.urls, NAME)
    for variable, address in with_users(services.urls, url, banking.setting).items():
        monkeypatch.setenv(variable, address)
    try:
        migrate_service("banking", down=False, confirmed="")
        with pytest.raises(NotDone, match="has no way back"):
            migrate_service("banking", down=True, confirmed="")
    finally:
        drop_database(services.urls, NAME)
