"""What a system is to the functions that every package has: health, metrics, documents, migration.

Each system describes itself once (`chalicelib.<system>.system`). What is costly to import stands in
the functions of the description, so that a cold start pays only for what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from chalice import Blueprint

from fintegrate.database import Database
from fintegrate.http.endpoint import RequestParts
from fintegrate.metrics import GaugeFamily

if TYPE_CHECKING:
    from fintegrate.openapi.description import Description


class SystemDatabase(NamedTuple):
    """A database of a system, and where its migrations lie."""

    setting: str
    """The variable that holds its URL, such as `DATABASE_URL`."""
    name: str
    """What it is called on a server of our own."""
    folder: str
    """Its folder under `sql/`, which holds `migrations/` and `schema.sql`."""


class Probe(NamedTuple):
    """A server that `GET /health` asks."""

    ask: Callable[[], object]
    """Raises anything when the server does not answer."""
    needed: bool = False
    """Whether no request can be served without it."""
    details: Callable[[], Mapping[str, object]] = dict
    """What else the answer says of it."""


class System(NamedTuple):
    """A system of the house, as `chalicelib.systems` lists it."""

    name: str
    databases: Sequence[SystemDatabase]
    configuration: type[Any]
    """The dataclass of its settings (`fintegrate.settings.load`)."""
    blueprints: Callable[[], Sequence[Blueprint]]
    """Every function of it, registered."""
    request_parts: Callable[[], RequestParts]
    probes: Callable[[], Mapping[str, Probe]]
    gauges: Callable[[Database], Iterable[GaugeFamily]]
    description: Callable[[], Description]
    """What the API document says of it."""
    after_migrations: Callable[[Any], None]
    """What a deployment does beside the schema; gets the settings."""
    made_up: Mapping[str, Callable[[], str]] = MappingProxyType({})
    """The secret settings that a local installation makes up, and what makes each one's value."""
