"""A user's training programs. A program has the id of the event that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.program import (
    OF_PROGRAMS,
    ProgramArchived,
    ProgramCreated,
    ProgramUpdated,
)
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.program.newest import ARCHIVED, is_newer, newer_fields, noted
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOT_FOUND = "program_not_found", "There is no such program"
CONFLICT = "version_conflict"


def create_program(db: Database, event: Event[ProgramCreated]) -> Reply:
    """Write a program.

    Raises:
        Rejected: somebody else's program has this id.
    """
    said = event.data.model_dump()
    row = db.fetch_one(SQL["create"], {"program_id": event.id, "user_id": event.user_id, **said})
    if row is None:
        raise Rejected("id_taken", "Another program has this id")
    return _persisted(event.id, row["version"], archived=False)


def update_program(db: Database, event: Event[ProgramUpdated]) -> Reply:
    """Replace the fields that no newer event has said.

    Raises:
        NotYet: the program, or the version that the event expects, is not there yet.
        Rejected: it is somebody else's, was archived before, or has another version.
    """
    program = lock_program(db, event, str(event.data.program_id))
    _check_version(program, event.data.expected_version)
    said = event.data.changes(OF_PROGRAMS)
    fields = newer_fields(program["told"], said, event)
    version = program["version"]
    if fields or event.data.expected_version is not None:
        version += 1
        changed = {**program, **{field: said[field] for field in fields}}
        told = noted(program["told"], fields, event)
        _write(db, event.user_id, {**changed, "version": version, "told": told})
    return _persisted(program["program_id"], version, archived=bool(program["archived_at"]))


def archive_program(db: Database, event: Event[ProgramArchived]) -> Reply:
    """Archive a program. One that is archived already stays so.

    Raises:
        NotYet: the program is not there yet.
        Rejected: it is somebody else's.
    """
    program = _locked(db, event.user_id, str(event.data.program_id))
    wanted = {"user_id": event.user_id, "program_id": program["program_id"]}
    if program["archived_at"] is None or not is_newer(program["told"], ARCHIVED, event):
        told = noted(program["told"], [ARCHIVED], event)
        db.execute(SQL["archive"], {**wanted, "told": json.dumps(told)})
    return _persisted(program["program_id"], program["version"], archived=True)


def lock_program(db: Database, event: Event[Any], program_id: str) -> Row:
    """A program that an event changes, locked until the commit.

    Raises:
        NotYet: the program is not there yet.
        Rejected: it is somebody else's, or was archived before the event.
    """
    program = _locked(db, event.user_id, program_id)
    if program["archived_at"] is not None and is_newer(program["told"], ARCHIVED, event):
        raise Rejected("program_archived", "The program is archived")
    return program


def find_program(db: Database, user_id: str, program_id: str) -> Row | None:
    """A user's program, archived or not."""
    return db.fetch_one(SQL["find"], {"user_id": user_id, "program_id": program_id})


def list_programs(db: Database, user_id: str, wanted: Mapping[str, Any]) -> list[Row]:
    """A user's programs, newest first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, **wanted})


def _locked(db: Database, user_id: str, program_id: str) -> Row:
    wanted = {"user_id": user_id, "program_id": program_id}
    program = db.fetch_one(SQL["lock"], wanted)
    if program is not None:
        return program
    if db.fetch_one(SQL["of_another"], wanted):
        raise Rejected(*NOT_FOUND)
    raise NotYet(*NOT_FOUND)


def _check_version(program: Row, expected: int | None) -> None:
    """A version that is still to come may be that of an event that waits."""
    if expected is None or expected == program["version"]:
        return
    kind = NotYet if expected > program["version"] else Rejected
    raise kind(CONFLICT, f"The program has version {program['version']}")


def _write(db: Database, user_id: str, program: Row) -> None:
    db.execute(SQL["update"], {**program, "user_id": user_id, "told": json.dumps(program["told"])})


def _persisted(program_id: str, version: int, *, archived: bool) -> Reply:
    data = {"program_id": program_id, "version": version, "archived": archived}
    return Reply("program.persisted", data)
