"""The testbed of a run of banking: function processes, schedules, and the banks with their programs."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from local.banking.chaos.bank_process import DELIVERIES
from local.banking.chaos.receiver import PATH
from local.banking.chaos.receiver_process import SIGNING
from local.banking.chaos.tenants import Tenant, onboard
from local.banking.client import Client, give_broker_access
from local.banking.tenant_queues import remove_queues
from local.chaos import testbed
from local.chaos.members import FunctionMember, Member, ProgramMember
from local.chaos.sabotage import VARIABLE
from local.machine.checkout import Checkout
from local.machine.ports import CANDIDATES, LOOPBACK, next_free
from local.services.databases import create_database, drop_database, with_users
from local.services.installation import migrate
from local.services.running import RunningServices
from local.services.settings import RECORD, settings_environment

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
    "STAGE": "local",
    "WEBHOOK_RETRY_SECONDS": "1,1,2,2,4",
    "WEBHOOK_DELIVER_SECONDS": "3",
}
"""Times are shorter than in operation, so that what takes minutes there happens within a run."""
HEARTBEAT_SECONDS = 3
CLOCK_AHEAD_SECONDS = 600
CONSUMER_OPTIONS = ("--gap-wait", "60", "--retry-base", "1", "--stop-when-idle", "300")


class Testbed(testbed.Testbed):
    """Everything that one run uses.

    Attributes:
        functions: the clock of the second is ten minutes ahead
        consumers: the process of each tenant: its consumer, or the server where it is called
    """

    def __init__(
        self,
        services: RunningServices,
        name: str,
        folder: Path,
        sabotage: str = "",
        called: int = 1,
    ) -> None:
        super().__init__(services, name, folder, create_database(services.urls, name))
        self._ports = [next_free(random.choice(CANDIDATES)) for _ in range(called)]  # noqa: S311
        # For the run itself, which connects to the servers directly.
        self.environment = {
            **settings_environment(services.urls, **with_users(services.urls, self.database_url)),
            **SETTINGS,
            RECORD: f"file://{folder / 'revocations.json'}",
            "WEBHOOK_ALLOW_HOSTS": ",".join(f"{LOOPBACK}:{port}" for port in self._ports),
        }
        migrate(Checkout(), self.environment)
        self.behind_proxies = {**self.behind(self.environment, "DATABASE_URL"), VARIABLE: sabotage}
        self.functions = [self._function(number) for number in range(2)]
        self.schedules = [self._schedule(number) for number in range(2)]
        self.tenants: list[Tenant] = []
        self.consumers: dict[str, Member] = {}
        self._access: dict[str, dict[str, str]] = {}
        self._called: dict[str, tuple[int, str]] = {}

    @property
    def members(self) -> list[Member]:
        return [*self.platform, *self.consumers.values()]

    def admin(self) -> Client:
        """Calls the first function process as the operator."""
        return Client(self.base_urls[0], self.environment["ADMIN_API_KEY"])

    def open(self, tenants: int) -> None:
        """Start the processes and onboard the tenants; behind them those that are called."""
        self.start_platform()
        for number in range(tenants + len(self._ports)):
            tenant = onboard(
                self.base_urls[0],
                self.environment["ADMIN_API_KEY"],
                f"{self.name}_bank_{number}",
                self.folder,
            )
            with self.admin() as admin:
                if number < tenants:
                    self._give_access(admin, tenant)
                else:
                    self._have_called(admin, tenant, self._ports[number - tenants])
            self.tenants.append(tenant)
            self.consumers[tenant.name] = self._consumer(number)
        testbed.side_by_side(Member.start, self.consumers.values())

    def use_key(self, number: int, key: str) -> None:
        """Give a tenant another key. Its program is started with it."""
        tenant = replace(self.tenants[number], key=key)
        self.consumers[tenant.name].stop()
        self.tenants[number] = tenant
        self.consumers[tenant.name] = self._consumer(number)
        self.consumers[tenant.name].start()

    def close(self) -> None:
        """End the processes and remove the queues and the database."""
        super().close()
        names = [tenant.name for tenant in self.tenants]
        remove_queues(self.services.urls.rabbitmq_url, names)
        drop_database(self.services.urls, self.name)

    def _function(self, number: int) -> FunctionMember:
        options = ["--heartbeat", str(HEARTBEAT_SECONDS)]
        options += ["--clock-ahead", str(number * CLOCK_AHEAD_SECONDS)]
        command = ["local.banking.chaos.function_process", *options]
        return self.function(number, command, self.behind_proxies)

    def _schedule(self, number: int) -> ProgramMember:
        command = ["local.banking.chaos.schedule_process", "--heartbeat", str(HEARTBEAT_SECONDS)]
        return self.program(f"schedules {number}", command, self.behind_proxies)

    def _give_access(self, admin: Client, tenant: Tenant) -> None:
        access = give_broker_access(admin.post, tenant.consumer_id)
        access["BROKER_URL"] = self.proxies["broker"].through(access["BROKER_URL"])
        self._access[tenant.name] = access

    def _have_called(self, admin: Client, tenant: Tenant, port: int) -> None:
        body = {
            "consumer_id": tenant.consumer_id,
            "delivery": "webhook",
            "url": f"http://{LOOPBACK}:{port}{PATH}{tenant.name}",
        }
        secret = admin.post("/consumer/delivery", body)["secret"]
        self._called[tenant.name] = port, secret

    def _consumer(self, number: int) -> ProgramMember:
        """The program of a tenant, which reads its queue or is called."""
        tenant = self.tenants[number]
        if tenant.name in self._called:
            return self._receiver(number)
        options = ["--store", str(tenant.store), "--seed", str(number), *CONSUMER_OPTIONS]
        environment = {
            **self.behind_proxies,
            **self._access[tenant.name],
            DELIVERIES: str(tenant.deliveries),
            "FINTEGRATE_API_KEY": tenant.key,
            "BASE_URL": self.base_urls[number % len(self.functions)],
        }
        command = ["local.banking.chaos.bank_process", tenant.name, *options]
        return self.program(f"consumer {number}", command, environment)

    def _receiver(self, number: int) -> ProgramMember:
        tenant = self.tenants[number]
        port, secret = self._called[tenant.name]
        environment = {**self.behind_proxies, SIGNING: secret}
        options = ["--folder", str(self.folder), "--port", str(port), "--seed", self.name]
        command = ["local.banking.chaos.receiver_process", tenant.name, *options]
        return self.program(f"called bank {number}", command, environment)
