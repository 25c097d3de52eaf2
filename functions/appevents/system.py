"""The description of app.events, for the functions that every package has."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.index import SERVICES
from fintegrate.database import Database
from fintegrate.http.endpoint import RequestParts
from fintegrate.metrics import GaugeFamily
from fintegrate.schedule_runs import ScheduleRuns
from fintegrate.system import Probe, System, SystemBroker, SystemDatabase

if TYPE_CHECKING:
    from fintegrate.openapi.description import Description


def _request_parts() -> RequestParts:
    from chalicelib.appevents.wiring import request_parts

    return request_parts()


def _probes() -> Mapping[str, Probe]:
    from chalicelib.appevents.wiring import parts
    from fintegrate.probes import probes

    own = parts()
    return probes(own.service("notification").request.database, own.publisher, own.redis)


def _gauges(db: Database) -> Iterable[GaugeFamily]:
    from chalicelib.appevents.ops.gauges import gauges

    return gauges(db)


def _schedule_runs() -> ScheduleRuns:
    from chalicelib.appevents.wiring import schedule_runs

    return schedule_runs()


def _description() -> Description:
    from chalicelib.appevents.description import DESCRIPTION

    return DESCRIPTION


def _admin_key_hashes(settings: Mapping[str, str]) -> str:
    from fintegrate.access.by_key_hash import hash_of

    return hash_of(settings["ADMIN_API_KEY"])


def _after_migrations(_settings: Configuration) -> None:
    """The migrations leave nothing to do."""


def _database(service: str) -> SystemDatabase:
    return SystemDatabase(
        setting=f"{service.upper()}_DATABASE_URL",
        name=f"{service}_db",
        folder=f"appevents/{service}",
    )


def _new_keys(_settings: Mapping[str, str]) -> str:
    from cryptography.fernet import Fernet

    return json.dumps({"k1": Fernet.generate_key().decode()})


SYSTEM = System(
    name="appevents",
    databases=tuple(
        _database(service)
        for service in ("notify", "video", "settings", "program", "dm", "machine")
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
        "JWT_ISSUER": lambda _settings: "https://issuer.example",
        "JWT_AUDIENCE": lambda _settings: "app.events",
        "JWT_ALGORITHMS": lambda _settings: "HS256",
        "JWT_SHARED_SECRET": lambda _settings: secrets.token_urlsafe(32),
        "APP_KEYS": _new_keys,
    },
    derived={"APP_ADMIN_KEY_HASHES": _admin_key_hashes},
    made_up_unless={"JWT_SHARED_SECRET": "JWT_JWKS_URL"},
    base_path="/api/v1",
    origins_setting="CORS_ORIGINS",
    brokers=(SystemBroker(setting="APP_RABBITMQ_URL", virtual_host="app", user="app"),),
)
