"""The relay's description of itself, for the functions that every package has."""

from __future__ import annotations

import json
import secrets
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
    from chalicelib.relay.wiring import request_parts

    return request_parts()


def _probes() -> Mapping[str, Probe]:
    from chalicelib.relay.ledger.health import lanes_probe
    from chalicelib.relay.wiring import parts
    from fintegrate.probes import probes

    own = parts()
    servers = probes(own.request.database, own.publisher, own.redis)
    return {**servers, "lanes": lanes_probe(own.request.database)}


def _gauges(db: Database) -> Iterable[GaugeFamily]:
    from chalicelib.relay.ledger.gauges import gauges

    return gauges(db)


def _schedule_runs() -> ScheduleRuns:
    from chalicelib.relay.wiring import schedule_runs

    return schedule_runs()


def _description() -> Description:
    from chalicelib.relay.description import DESCRIPTION

    return DESCRIPTION


def _after_migrations(_settings: Configuration) -> None:
    """The migrations leave nothing to do."""


def _new_password(_settings: Mapping[str, str]) -> str:
    return secrets.token_urlsafe(24)


def _new_users(settings: Mapping[str, str]) -> str:
    import bcrypt

    def hashes(password: str) -> list[str]:
        return [bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode()]

    return json.dumps(
        {
            settings[f"RELAY_{role.upper()}_USER"]: {
                "hashes": hashes(settings[f"RELAY_{role.upper()}_PASSWORD"]),
                "role": role,
            }
            for role in ("admin", "ingest")
        }
    )


def _new_keys(_settings: Mapping[str, str]) -> str:
    from cryptography.fernet import Fernet

    return json.dumps({"k1": Fernet.generate_key().decode()})


SYSTEM = System(
    name="relay",
    databases=(
        SystemDatabase(setting="RELAY_DATABASE_URL", name="relay", folder="relay", guests=("oms",)),
    ),
    configuration=Configuration,
    services=SERVICES,
    request_parts=_request_parts,
    probes=_probes,
    gauges=_gauges,
    description=_description,
    after_migrations=_after_migrations,
    schedule_runs=_schedule_runs,
    made_up={
        "RELAY_ADMIN_USER": lambda _settings: "admin",
        "RELAY_ADMIN_PASSWORD": _new_password,
        "RELAY_INGEST_USER": lambda _settings: "oms",
        "RELAY_INGEST_PASSWORD": _new_password,
        "RELAY_USERS": _new_users,
        "RELAY_KEYS": _new_keys,
    },
)
