"""A system's description, for the functions that every package has: health, metrics and so on.

Each system describes itself once (`chalicelib.<system>.system`). The functions of the description defer
costly imports, so a cold start pays only for what it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from chalice import Blueprint

from fintegrate.database import Database
from fintegrate.http.endpoint import RequestParts
from fintegrate.metrics import GaugeFamily
from fintegrate.schedule_runs import ScheduleRuns

if TYPE_CHECKING:
    from fintegrate.openapi.description import Description


class SystemDatabase(NamedTuple):
    """A database of a system, and the place of its migrations."""

    setting: str
    """The variable that holds its URL, such as `DATABASE_URL`."""
    name: str
    """The database's name on a server of our own."""
    folder: str
    """Its folder under `sql/`, with `migrations/` and `schema.sql`."""


class Probe(NamedTuple):
    """A server that `GET /health` asks."""

    ask: Callable[[], object]
    """Raises anything when the server does not answer."""
    needed: bool = False
    """Whether requests need this server."""
    details: Callable[[], Mapping[str, object]] = dict
    """Further facts for the answer."""


class System(NamedTuple):
    """A system, as `chalicelib.systems` lists it."""

    name: str
    databases: Sequence[SystemDatabase]
    configuration: type[Any]
    """The dataclass of its settings (`fintegrate.settings.load`)."""
    blueprints: Callable[[], Sequence[Blueprint]]
    """Imports the system's functions and returns the blueprints on which they are registered."""
    request_parts: Callable[[], RequestParts]
    probes: Callable[[], Mapping[str, Probe]]
    gauges: Callable[[Database], Iterable[GaugeFamily]]
    description: Callable[[], Description]
    """What the API document says of it."""
    after_migrations: Callable[[Any], None]
    """What a deployment does after the migrations; takes the settings."""
    schedule_runs: Callable[[], ScheduleRuns] | None = None
    """Where the runs of its schedules are kept; None for a system without schedules."""
    made_up: Mapping[str, Callable[[Mapping[str, str]], str]] = MappingProxyType({})
    """The secret settings that a local installation generates, and each one's generator. It takes the
    secret settings that stand before its own."""
