"""Banking's description of itself, for the functions that every package has."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.index import SERVICES
from fintegrate.access.key_ring import new_key
from fintegrate.database import Database
from fintegrate.http.endpoint import RequestParts
from fintegrate.metrics import GaugeFamily
from fintegrate.schedule_runs import ScheduleRuns
from fintegrate.settings import SettingsError
from fintegrate.system import Console, Probe, System, SystemDatabase

if TYPE_CHECKING:
    from fintegrate.openapi.description import Description

BESIDE = ("relay", "appevents")
"""The systems that the console can show beside this one."""


def _request_parts() -> RequestParts:
    from chalicelib.banking.wiring import parts

    return parts().request


def _probes() -> Mapping[str, Probe]:
    from chalicelib.banking.wiring import parts
    from fintegrate.probes import probes

    own = parts()
    return probes(own.request.database, own.publisher, own.redis)


def _gauges(db: Database) -> Iterable[GaugeFamily]:
    from chalicelib.banking.broker.queue_gauges import queue_gauges
    from chalicelib.banking.console_gauges import console_gauges
    from chalicelib.banking.consumer.key_gauges import key_gauges
    from chalicelib.banking.events.gauges import gauges
    from chalicelib.banking.overview.unfinished import unfinished_gauges
    from chalicelib.banking.webhooks.gauges import webhook_gauges
    from chalicelib.banking.wiring import BOUNDS, parts

    own, most = parts(), BOUNDS["consumer"]
    yield from gauges(db, own.publisher.breaker.state, most)
    yield from queue_gauges(db, own.settings.queue_observation_seconds, most)
    yield from key_gauges(db, most)
    yield from webhook_gauges(db, most)
    yield from console_gauges(db)
    yield from unfinished_gauges(db, datetime.now(UTC))


def _schedule_runs() -> ScheduleRuns:
    from chalicelib.banking.wiring import schedule_runs

    return schedule_runs()


def _console() -> Console:
    from chalicelib.banking.wiring import parts
    from fintegrate.access.passes import Passes

    own = parts()
    settings = own.settings
    links = {
        "grafana": settings.grafana_url or None,
        "prometheus": settings.prometheus_url or None,
        "traces": settings.trace_url or None,
        "runbooks": settings.runbook_url or None,
    }
    shown = tuple(filter(None, settings.console_systems.split(",")))
    if not set(shown) <= set(BESIDE):
        raise SettingsError(f"CONSOLE_SYSTEMS may hold {', '.join(BESIDE)}, separated by commas")
    passes = Passes("CONSOLE_PASS_KEY", settings.console_pass_key) if shown else None
    return Console(own.sessions, settings.stage, links, _thresholds, shown, passes)


def _thresholds() -> Mapping[str, float]:
    from chalicelib.banking.overview.conditions import CONDITIONS

    return {name: condition.threshold for name, condition in CONDITIONS.items()}


def _description() -> Description:
    from chalicelib.banking.description import DESCRIPTION

    return DESCRIPTION


def _after_migrations(settings: Configuration) -> None:
    from chalicelib.banking.consumer.admin_key import install_configured_key

    install_configured_key(settings)


def _new_secret(_settings: Mapping[str, str]) -> str:
    return secrets.token_hex(32)


def _new_admin_api_key(settings: Mapping[str, str]) -> str:
    from fintegrate.access.keys import ApiKeys

    keys = ApiKeys(settings["API_KEY_CHECK_SECRET"])
    return keys.text(keys.new())


def _new_keys(_settings: Mapping[str, str]) -> str:
    return json.dumps({"k1": new_key()})


SYSTEM = System(
    name="banking",
    databases=(SystemDatabase(setting="DATABASE_URL", name="fintegrate", folder="banking"),),
    configuration=Configuration,
    services=SERVICES,
    request_parts=_request_parts,
    probes=_probes,
    gauges=_gauges,
    description=_description,
    after_migrations=_after_migrations,
    schedule_runs=_schedule_runs,
    console=_console,
    made_up={
        "API_KEY_CHECK_SECRET": _new_secret,
        "ADMIN_API_KEY": _new_admin_api_key,
        "CONSOLE_PASS_KEY": _new_secret,
        "WEBHOOK_KEYS": _new_keys,
    },
)
