"""The relay's description of itself, for the functions that every package has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from chalicelib.relay.configuration import Configuration
from chalicelib.relay.index import SERVICES
from fintegrate.database import Database
from fintegrate.http.endpoint import RequestParts
from fintegrate.metrics import GaugeFamily
from fintegrate.schedule_runs import ScheduleRuns
from fintegrate.system import Probe, System, SystemDatabase

if TYPE_CHECKING:
    from fintegrate.openapi.description import Description


def _request_parts() -> RequestParts:
    from chalicelib.relay.wiring import parts

    return parts().request


def _probes() -> Mapping[str, Probe]:
    from chalicelib.relay.wiring import parts

    database = parts().request.database
    return {"database": Probe(lambda: database.fetch_one("SELECT 1 AS one", {}), needed=True)}


def _gauges(_db: Database) -> Iterable[GaugeFamily]:
    return ()


def _schedule_runs() -> ScheduleRuns:
    from chalicelib.relay.wiring import schedule_runs

    return schedule_runs()


def _description() -> Description:
    from chalicelib.relay.description import DESCRIPTION

    return DESCRIPTION


def _after_migrations(_settings: Configuration) -> None:
    """The migrations leave nothing to do."""


SYSTEM = System(
    name="relay",
    databases=(SystemDatabase(setting="RELAY_DATABASE_URL", name="relay", folder="relay"),),
    configuration=Configuration,
    services=SERVICES,
    request_parts=_request_parts,
    probes=_probes,
    gauges=_gauges,
    description=_description,
    after_migrations=_after_migrations,
    schedule_runs=_schedule_runs,
)
