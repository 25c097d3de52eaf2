"""What every testbed has: servers behind proxies that can fail, and processes that can die.

The run owns all of it. The servers of `make up` are separate and are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from local.chaos.members import FunctionMember, Member, ProgramMember
from local.chaos.proxy import TcpProxy
from local.machine.checkout import Checkout
from local.machine.processes import MARKER
from local.services.running import RunningServices
from local.services.service import Service
from local.serving.server import accompanying


class Testbed:
    """Everything that one run uses.

    Attributes:
        services: the servers, to kill, freeze and start
        name: of the run, and of its database
        folder: of its logs
        database_url: the database as the run itself sees it, with all rights
        proxies: `broker`, `database` and `cache`, each in front of its server
        functions: processes that serve
        schedules: processes that run the scheduled functions at the same time
    """

    def __init__(
        self, services: RunningServices, name: str, folder: Path, database_url: str
    ) -> None:
        self.services = services
        self.name = name
        self.folder = folder
        self.database_url = database_url
        self.proxies = {
            "broker": proxy_of(services.rabbitmq),
            "database": proxy_of(services.postgresql),
            "cache": proxy_of(services.redis),
        }
        self.functions: list[FunctionMember] = []
        self.schedules: list[ProgramMember] = []

    @property
    def base_urls(self) -> list[str]:
        """The addresses of the function processes."""
        return [function.base_url for function in self.functions]

    @property
    def platform(self) -> list[Member]:
        """The platform's own processes."""
        return [*self.functions, *self.schedules]

    @property
    def members(self) -> list[Member]:
        return self.platform

    def behind(self, environment: Mapping[str, str], *databases: str) -> dict[str, str]:
        """These settings with the servers behind the proxies; `databases` are those of databases."""
        through = self.proxies["database"].through
        return {
            **environment,
            MARKER: accompanying(Checkout()).marker,
            **{database: through(environment[database]) for database in databases},
            "RABBITMQ_URL": self.proxies["broker"].through(self.services.urls.rabbitmq_url),
            "REDIS_URL": self.proxies["cache"].through(self.services.urls.redis_url),
        }

    def function(
        self, number: int, command: Sequence[str], environment: Mapping[str, str]
    ) -> FunctionMember:
        """A process that serves functions."""
        name = f"functions {number}"
        return FunctionMember(name, command, environment, self._log(name))

    def program(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> ProgramMember:
        """A program of the run."""
        return ProgramMember(name, command, environment, self._log(name))

    def start_platform(self) -> None:
        """Start the platform's own processes."""
        side_by_side(Member.start, self.platform)

    def stop_platform(self) -> None:
        """Stop the platform's own processes in order. Other programs go on."""
        side_by_side(Member.stop, self.platform)
        for proxy in self.proxies.values():
            proxy.cut()

    def calm(self) -> None:
        """Undo all faults: connections pass, servers and processes run."""
        for proxy in self.proxies.values():
            proxy.heal()
        for server in self.services.servers.values():
            server.resume()
            server.start()
            server.wait_ready()
        for member in self.members:
            member.wake()
            member.start()

    def close(self) -> None:
        """End the processes and the proxies."""
        side_by_side(Member.stop, self.members)
        for function in self.functions:
            function.close()
        for proxy in self.proxies.values():
            proxy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"


def side_by_side(action: Callable[[Member], None], members: Iterable[Member]) -> None:
    """Do this with all of them at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(action, members))


def proxy_of(server: Service) -> TcpProxy:
    """A proxy to the server's current address. A restarted server may have a new port."""
    return TcpProxy(lambda: urlsplit(server.url).port or 0)
