"""Letters as the functions that every package has see it."""

from __future__ import annotations

from chalicelib.letters.configuration import Configuration
from fintegrate.openapi.description import Description
from fintegrate.system import Probe, System, SystemDatabase


def _letters():
    from chalicelib.letters.index import letters

    return letters


def _request_parts():
    from chalicelib.letters.wiring import request_parts

    return request_parts()


def _probes():
    from chalicelib.letters.wiring import database

    return {"letterbox": Probe(lambda: database().fetch_one("SELECT 1 AS one", {}))}


SYSTEM = System(
    name="letters",
    databases=(SystemDatabase("LETTERS_DATABASE_URL", "letters", "letters"),),
    configuration=Configuration,
    services={"letters": _letters},
    request_parts=_request_parts,
    probes=_probes,
    gauges=lambda _db: (),
    description=lambda: Description("Letters", "1.0.0", "Letters come and are kept.", schemes={}),
    after_migrations=lambda _settings: None,
)
