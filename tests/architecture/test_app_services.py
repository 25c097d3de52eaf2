"""The services of app.events: none imports another, and none names a table of another's database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import FUNCTIONS, ROOT, imports_from, tree_of

FOLDER = FUNCTIONS / "appevents"
SERVICES = ("notification", "video", "settings", "program", "dm", "machine")
DATABASE_OF = {service: service for service in SERVICES} | {"notification": "notify"}
_TABLE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
_NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(\w+)", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*")
EVERY_SERVICES = {"idempotency_keys", "inbox_attempts", "outbox", "migration_history"}
OWN = {
    "notification": {"events", "user_sequences", "dead_letters"},
    "video": {
        *("videos", "media_metadata", "feed_posts", "feed_owners", "feed_grants"),
        *("comments", "likes"),
    },
    "settings": {
        *("user_settings", "app_settings", "feed_access", "feed_access_attempts", "signing_keys"),
    },
    "program": {"programs", "workouts", "workout_sessions"},
    "dm": {"conversations", "participants", "messages"},
    "machine": {"machine_notes", "equipment_prefs"},
}
"""The tables that others rely on by their names, such as the notes' test of `idempotency_keys`."""
BESIDE = {"feed_owners": "video", "feed_grants": "video"}
"""What the services of settings and video both write, by one module each, and whose tables these are."""


def tables_of(service: str) -> set[str]:
    schema = ROOT / "sql" / "appevents" / DATABASE_OF[service] / "schema.sql"
    return set(_TABLE.findall(schema.read_text(encoding="utf-8")))


def tables_in(file: Path) -> set[str]:
    """The tables that statements of a file name, as far as any service has them."""
    every = set().union(*map(tables_of, SERVICES))
    text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    return {name for name in _NAMED.findall(text) if name in every}


def others(service: str) -> Iterator[str]:
    return (f"chalicelib.appevents.{each}" for each in SERVICES if each != service)


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    forbidden = tuple(others(service))
    found = [
        f"{file.name}: {name}"
        for file in (FOLDER / service).rglob("*.py")
        for name in imports_from(tree_of(file))
        if name in forbidden or name.startswith(tuple(f"{each}." for each in forbidden))
    ]

    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_reads_anothers_tables(service: str) -> None:
    own = tables_of(service)
    files = list((FOLDER / service).rglob("*.sql"))

    assert files
    assert {table for file in files for table in tables_in(file)} - own == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_database_has_its_tables(service: str) -> None:
    assert tables_of(service) >= EVERY_SERVICES | OWN[service]


@pytest.mark.parametrize(("name", "service"), BESIDE.items())
def test_shared_statements_name_one_database(name: str, service: str) -> None:
    named = tables_in(FOLDER / f"{name}.sql")

    assert named
    assert named <= tables_of(service)


def test_foreign_table_would_be_noticed() -> None:
    assert "feed_posts" in tables_in(FOLDER / "video" / "posts.sql")
    assert "feed_posts" not in tables_of("settings")
