"""Tag managers in the database: at most one of a storefront gets events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.relay.delivery.adapters import sgtm
from chalicelib.relay.delivery.fields import wrong_fields
from chalicelib.relay.delivery.shapes import Destination
from chalicelib.relay.destinations.credentials import merged
from chalicelib.relay.destinations.destination_lanes import (
    Owner,
    change_lane,
    close_lane,
    double_counting,
    open_lane,
)
from chalicelib.relay.destinations.storefronts import SQL as STOREFRONTS
from chalicelib.relay.destinations.storefronts import found
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, Invalid
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
Values = Mapping[str, Any]
ADAPTER = "sgtm"
WHAT = "tag manager"
ONE_ACTIVE = "The storefront has an active tag manager"


def create(db: Database, wanted: Values) -> Row:
    """Store a tag manager and open its lane; to be called in a transaction.

    Raises:
        NotFound: there is no such storefront.
        Invalid: a field is wrong.
        Conflict: the storefront has an active one.
    """
    found(db.fetch_one(STOREFRONTS["lock"], {"id": wanted["storefront_id"]}))
    wanted = {**wanted, "settings": merged({}, wanted["settings"])}
    destination = _checked(wanted)
    try:
        row = db.fetch_all(SQL["create"], {**wanted, "settings": json.dumps(wanted["settings"])})[0]
    except UniqueViolation as error:
        raise _one_active() from error
    owner, is_active = Owner(ADAPTER, row["id"]), wanted["is_active"]
    open_lane(db, owner, wanted["storefront_id"], destination, is_active=is_active)
    return _shown(db, row["id"])


def change(db: Database, config: int, wanted: Values) -> Row:
    """Change a tag manager and its lane; to be called in a transaction.

    Raises:
        NotFound: there is no such tag manager.
        Invalid: a field is wrong afterwards.
        Conflict: the storefront has another active one.
    """
    row = found(db.fetch_one(SQL["lock"], {"id": config}), WHAT)
    given = {name: value for name, value in wanted.items() if value is not None}
    settings = merged(row["settings"], given.pop("settings", {}))
    changed = {**row, **given, "settings": settings}
    destination = _checked(changed)
    try:
        db.execute(SQL["change"], {**changed, "settings": json.dumps(settings)})
    except UniqueViolation as error:
        raise _one_active() from error
    only_switched = given.keys() <= {"is_active"} and wanted["settings"] is None
    owner, is_active = Owner(ADAPTER, config), changed["is_active"]
    change_lane(db, owner, None if only_switched else destination, is_active=is_active)
    return _shown(db, config)


def delete(db: Database, config: int) -> None:
    """Delete a tag manager and close its lane; to be called in a transaction.

    Raises:
        NotFound: there is no such tag manager.
    """
    row = found(db.fetch_one(SQL["delete"], {"id": config}), WHAT)
    close_lane(db, Owner(ADAPTER, config), row["storefront_id"])


def _one_active() -> Conflict:
    return Conflict(f"{ONE_ACTIVE}; switch that one off, or change it")


def _checked(config: Values) -> Destination:
    of_the_row = {name: config[name] for name in ("sgtm_url", "path", "measurement_id")}
    twice = of_the_row.keys() & config["settings"].keys()
    wrong = [f"settings.{name}: is a field of its own" for name in sorted(twice)]
    settings = {**config["settings"], **of_the_row}
    for said in wrong_fields(sgtm.SETTINGS, settings, "settings"):
        name = said.removeprefix("settings.").partition(":")[0]
        wrong.append(said.removeprefix("settings.") if name in of_the_row else said)
    if wrong:
        raise Invalid("; ".join(wrong))
    return Destination(id="new", adapter=ADAPTER, settings=settings)


def _shown(db: Database, config: int) -> Row:
    row = db.fetch_all(SQL["read"], {"id": config})[0]
    warnings = []
    if row["is_active"]:
        warnings = double_counting(db, row["storefront_id"], row["lane_id"], ADAPTER)
    return {**row, "warnings": warnings}
