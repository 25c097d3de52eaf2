"""The testbed of a run: servers behind proxies that can fail, function processes, schedules, banks.

The run owns all of it. The servers of `make up` are separate and are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from local.banking.chaos.bank_process import DELIVERIES
from local.banking.chaos.sabotage import VARIABLE
from local.banking.chaos.tenants import Tenant, onboard
from local.banking.client import Client, give_broker_access
from local.banking.tenant_queues import remove_queues
from local.chaos.members import FunctionMember, Member, ProgramMember
from local.chaos.proxy import TcpProxy
from local.machine.checkout import Checkout
from local.machine.processes import MARKER
from local.services.databases import create_database, drop_database, with_users
from local.services.installation import migrate
from local.services.running import RunningServices
from local.services.service import Service
from local.services.settings import RECORD, settings_environment
from local.serving.server import accompanying

SETTINGS = {
    "SYSTEM": "banking",
    "RATE_LIMIT_IP_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_PER_MINUTE": "6000000",
    "RATE_LIMIT_API_KEY_BURST": "1000000",
    "API_KEY_BCRYPT_COST": "4",
    "LOG_LEVEL": "WARNING",
    "SCHEDULER": "off",  # separate processes run the schedules
    "PUBLISH_HANDOFF_SECONDS": "2",
    "PUBLISH_PROBE_SECONDS": "2",
    "BREAKER_OPEN_SECONDS": "1",
    "DELIVERY_GRACE_SECONDS": "20",
    "REDELIVER_FIRST_WAIT_SECONDS": "20",
    "REDELIVER_LONGEST_WAIT_SECONDS": "20",
    "QUEUE_FIGURES_DELAY_SECONDS": "12",
}
"""Times are shorter than in operation, so that what takes minutes there happens within a run."""
HEARTBEAT_SECONDS = 3
CLOCK_AHEAD_SECONDS = 600
CONSUMER_OPTIONS = ("--gap-wait", "60", "--retry-base", "1", "--stop-when-idle", "300")


class Testbed:
    """Everything that one run uses.

    Attributes:
        services: the servers, to kill, freeze and start
        database_url: the database as the run itself sees it, with all rights
        proxies: `broker`, `database` and `cache`, each in front of its server
        functions: processes that serve; the clock of the second is ten minutes ahead
        schedules: processes that run the scheduled functions at the same time
        consumers: the consumer process of each tenant
    """

    def __init__(
        self, services: RunningServices, name: str, folder: Path, sabotage: str = ""
    ) -> None:
        self.services = services
        self.name = name
        self.folder = folder
        self.database_url = create_database(services.urls, name)
        self.proxies = {
            "broker": _proxy(services.rabbitmq),
            "database": _proxy(services.postgresql),
            "cache": _proxy(services.redis),
        }
        # For the run itself, which connects to the servers directly.
        self.environment = {
            **settings_environment(services.urls, **with_users(services.urls, self.database_url)),
            **SETTINGS,
            RECORD: f"file://{folder / 'revocations.json'}",
        }
        migrate(Checkout(), self.environment)
        self.behind_proxies = {
            **self.environment,
            VARIABLE: sabotage,
            MARKER: accompanying(Checkout()).marker,
            "DATABASE_URL": self.proxies["database"].through(self.environment["DATABASE_URL"]),
            "RABBITMQ_URL": self.proxies["broker"].through(services.urls.rabbitmq_url),
            "REDIS_URL": self.proxies["cache"].through(services.urls.redis_url),
        }
        self.functions = [self._function(number) for number in range(2)]
        self.schedules = [self._schedule(number) for number in range(2)]
        self.tenants: list[Tenant] = []
        self.consumers: dict[str, Member] = {}
        self._access: dict[str, dict[str, str]] = {}

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
        return [*self.platform, *self.consumers.values()]

    def admin(self) -> Client:
        """Calls the first function process as the operator."""
        return Client(self.base_urls[0], self.environment["ADMIN_API_KEY"])

    def open(self, tenants: int) -> None:
        """Start the processes and onboard the tenants."""
        self.start_platform()
        for number in range(tenants):
            tenant = onboard(
                self.base_urls[0],
                self.environment["ADMIN_API_KEY"],
                f"{self.name}_bank_{number}",
                self.folder,
            )
            with self.admin() as admin:
                access = give_broker_access(admin.post, tenant.consumer_id)
            access["BROKER_URL"] = self.proxies["broker"].through(access["BROKER_URL"])
            self._access[tenant.name] = access
            self.tenants.append(tenant)
            self.consumers[tenant.name] = self._consumer(number)
        _side_by_side(Member.start, self.consumers.values())

    def start_platform(self) -> None:
        """Start the platform's own processes."""
        _side_by_side(Member.start, self.platform)

    def stop_platform(self) -> None:
        """Stop the platform's own processes in order. The banks' programs go on."""
        _side_by_side(Member.stop, self.platform)
        for proxy in self.proxies.values():
            proxy.cut()

    def use_key(self, number: int, key: str) -> None:
        """Give a tenant another key. Its program is started with it."""
        tenant = replace(self.tenants[number], key=key)
        self.consumers[tenant.name].stop()
        self.tenants[number] = tenant
        self.consumers[tenant.name] = self._consumer(number)
        self.consumers[tenant.name].start()

    def calm(self) -> None:
        """Undo all faults: connections pass, servers and processes run."""
        for proxy in self.proxies.values():
            proxy.heal()
        for server in (self.services.postgresql, self.services.rabbitmq, self.services.redis):
            server.resume()
            server.start()
            server.wait_ready()
        for member in self.members:
            member.wake()
            member.start()

    def close(self) -> None:
        """End the processes and remove the queues and the database."""
        _side_by_side(Member.stop, self.members)
        for function in self.functions:
            function.close()
        for proxy in self.proxies.values():
            proxy.close()
        names = [tenant.name for tenant in self.tenants]
        remove_queues(self.services.urls.rabbitmq_url, names)
        drop_database(self.services.urls, self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _function(self, number: int) -> FunctionMember:
        name = f"functions {number}"
        options = ["--heartbeat", str(HEARTBEAT_SECONDS)]
        options += ["--clock-ahead", str(number * CLOCK_AHEAD_SECONDS)]
        command = ["local.banking.chaos.function_process", *options]
        return FunctionMember(name, command, self.behind_proxies, self._log(name))

    def _schedule(self, number: int) -> ProgramMember:
        name = f"schedules {number}"
        command = ["local.banking.chaos.schedule_process", "--heartbeat", str(HEARTBEAT_SECONDS)]
        return ProgramMember(name, command, self.behind_proxies, self._log(name))

    def _consumer(self, number: int) -> ProgramMember:
        tenant = self.tenants[number]
        options = ["--store", str(tenant.store), "--seed", str(number), *CONSUMER_OPTIONS]
        environment = {
            **self.behind_proxies,
            **self._access[tenant.name],
            DELIVERIES: str(tenant.deliveries),
            "FINTEGRATE_API_KEY": tenant.key,
            "BASE_URL": self.base_urls[number % len(self.functions)],
        }
        command = ["local.banking.chaos.bank_process", tenant.name, *options]
        return ProgramMember(
            f"consumer {number}", command, environment, self._log(f"consumer {number}")
        )

    def _log(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"


def _proxy(server: Service) -> TcpProxy:
    """A proxy to the server's current address. A restarted server may have a new port."""
    return TcpProxy(lambda: urlsplit(server.url).port or 0)


def _side_by_side(action: Callable[[Member], None], members: Iterable[Member]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(action, members))
