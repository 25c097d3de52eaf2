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
from fintegrate.settings import SettingsError

if TYPE_CHECKING:
    from fintegrate.access.passes import Passes
    from fintegrate.access.sessions import Sessions
    from fintegrate.openapi.description import Description


class SystemDatabase(NamedTuple):
    """A database of a system, its users, and the place of its migrations."""

    setting: str
    """The variable that holds its URL, such as `DATABASE_URL`."""
    name: str
    """The database's name on a server of our own."""
    folder: str
    """Its folder under `sql/`, with `migrations/` and `schema.sql`."""
    guests: tuple[str, ...] = ()
    """Others that log in here: each has what the migrations grant to `<name>_<guest>`, and no function
    uses it."""

    @property
    def app_role(self) -> str:
        """The functions' user, to whom the migrations grant what it may do; `setting` has its URL."""
        return f"{self.name}_app"

    @property
    def owner_role(self) -> str:
        """The user that migrates, on a server of our own."""
        return f"{self.name}_owner"

    @property
    def owner_setting(self) -> str:
        """The variable of the owner's URL, such as `DATABASE_OWNER_URL`. Only migrations read it."""
        return f"{self.setting.removesuffix('_URL')}_OWNER_URL"

    @property
    def master_setting(self) -> str:
        """The variable of the URL with the server's master, who makes the two users."""
        return f"{self.setting.removesuffix('_URL')}_MASTER_URL"

    @property
    def settings(self) -> tuple[str, ...]:
        """The variables of all its users' URLs: master, owner, application, then the guests."""
        return self.master_setting, self.owner_setting, self.setting, *self.guest_roles

    @property
    def guest_roles(self) -> dict[str, str]:
        """The guests' users by the variables of their URLs, such as `VIDEO_ARCHIVE_DATABASE_URL`."""
        before = self.setting.removesuffix("DATABASE_URL")
        return {
            f"{before}{guest.upper()}_DATABASE_URL": f"{self.name}_{guest}" for guest in self.guests
        }

    def url(self, settings: Any, name: str) -> str:
        """The URL that the system's settings have under one of these names.

        Raises:
            SettingsError: it is not set.
        """
        return _url(settings, name, f"the address of {self.name} with another user")


class SystemBroker(NamedTuple):
    """A virtual host of the broker that belongs to a system, and its user there."""

    setting: str
    """The variable that holds its URL, such as `VIDEO_RABBITMQ_URL`."""
    virtual_host: str
    user: str

    def url(self, settings: Any, name: str) -> str:
        """The URL that the system's settings have under one of these names.

        Raises:
            SettingsError: it is not set.
        """
        return _url(settings, name, f"what makes the virtual host {self.virtual_host}")


def _url(settings: Any, name: str, what: str) -> str:
    if url := getattr(settings, name.lower()):
        return str(url)
    raise SettingsError(f"{name} is not set: {what}")


class Probe(NamedTuple):
    """A server that `GET /health` asks."""

    ask: Callable[[], object]
    """Raises anything when the server does not answer."""
    needed: bool = False
    """Whether requests need this server."""
    details: Callable[[], Mapping[str, object]] = dict
    """Further facts for the answer."""


class Console(NamedTuple):
    """What the console needs of its system."""

    sessions: Sessions
    stage: str
    links: Mapping[str, str | None]
    """The addresses of the monitoring beside it, by name; None where there is none."""
    thresholds: Callable[[], Mapping[str, float]]
    """Of each condition by its name."""
    systems: Sequence[str] = ()
    """The other systems that the operator sees there, by their names."""
    passes: Passes | None = None
    """Signs what lets the operator look at them; None where there are none."""


class System(NamedTuple):
    """A system, as `chalicelib.systems` lists it."""

    name: str
    databases: Sequence[SystemDatabase]
    configuration: type[Any]
    """The dataclass of its settings (`fintegrate.settings.load`)."""
    services: Mapping[str, Callable[[], Blueprint]]
    """By the first segment of their paths: each imports a service's functions and returns the blueprint
    on which they are registered. What serves no request, such as the schedules, is one of them."""
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
    derived: Mapping[str, Callable[[Mapping[str, str]], str]] = MappingProxyType({})
    """The settings that follow from the made-up ones of all systems, which it takes."""
    made_up_unless: Mapping[str, str] = MappingProxyType({})
    """Of these, one that is not made up when the caller gives the other setting."""
    brokers: Sequence[SystemBroker] = ()
    """Those of its own, beside the broker that all systems share."""
    console: Callable[[], Console] | None = None
    """For a system whose keys open the console; None for the others."""
    base_path: str = ""
    """Where its paths begin, if health and metrics answer there, too."""
    origins_setting: str = ""
    """The variable that lists the origins whose pages may read its answers; none for no page."""

    def has_path(self, path: str) -> bool:
        """Whether a path, or its template, is below one of this system's."""
        own = [self.base_path.strip("/"), *self.services]
        return any(f"{path}/".startswith(f"/{part}/") for part in own if part)
