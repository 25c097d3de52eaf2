"""The servers of a checkout while a process uses them, and where they are.

`ensure_services` is the only way in: it starts what is missing and shares what runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from local.machine.checkout import Checkout
from local.services import brokers, databases, external
from local.services.choice import choose, wanted_kind
from local.services.group import ServerGroup
from local.services.lease import Lease
from local.services.native.servers import SERVERS
from local.services.service import ServersUnusable, Service
from local.services.urls import ServiceUrls


class RunningServices:
    """The servers while this process uses them; the last process to leave stops them.

    Attributes:
        urls: where they listen
        started: whether this call started at least one of them
    """

    def __init__(
        self, checkout: Checkout, group: ServerGroup | None, lease: Lease, started: bool
    ) -> None:
        self._checkout = checkout
        self._group = group
        self._lease = lease
        self.started = started
        self.urls = _own_urls(group) if group else _external_urls()

    @property
    def external(self) -> bool:
        """Whether they are not this checkout's own."""
        return self._group is None

    @property
    def servers(self) -> Mapping[str, Service]:
        """The servers by name, to stop, kill, pause and restart.

        Raises:
            ServersUnusable: they are external
        """
        if self._group is None:
            raise ServersUnusable("LOCAL_SERVICES=external: these servers are not ours to control")
        return self._group

    @property
    def postgresql(self) -> Service:
        return self.servers["postgresql"]

    @property
    def rabbitmq(self) -> Service:
        return self.servers["rabbitmq"]

    @property
    def redis(self) -> Service:
        return self.servers["redis"]

    def release(self) -> None:
        """End this process's use; may be called again."""
        with self._checkout.locked("services"):
            if self._lease.leave() and self._group:
                self._group.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _own_urls(group: ServerGroup) -> ServiceUrls:
    server = group["postgresql"].url
    of_systems = databases.addresses(server, databases.system_databases())
    servers = {**_somebody_elses(), **group.addresses()}
    if broker := servers.get("RABBITMQ_URL"):
        servers |= brokers.addresses(broker)
    return ServiceUrls(server, of_systems, servers)


def _external_urls() -> ServiceUrls:
    """The master's address may be missing: then somebody else has made the users and the databases."""
    of_systems = databases.system_databases()
    needed = [name for each in of_systems for name in each.settings if name != each.master_setting]
    of_servers = [
        variable
        for server in SERVERS
        if server.is_of_one_kind  # an object store may be missing: only app.events needs one
        for variable in server.variables
    ]
    of_servers += [broker.setting for broker in brokers.system_brokers()]
    found = external.addresses([*needed, *of_servers])
    masters = {each.master_setting: os.environ.get(each.master_setting) for each in of_systems}
    given = {name: url for name, url in masters.items() if url}
    first = of_systems[0]
    return ServiceUrls(
        database_url=given.get(first.master_setting) or found[first.owner_setting],
        databases={**{name: found[name] for name in needed}, **given},
        servers={**_somebody_elses(), **{variable: found[variable] for variable in of_servers}},
    )


def _somebody_elses() -> dict[str, str]:
    """What the environment says of servers that may be somebody else's while ours run: object stores."""
    variables = (
        name for server in SERVERS if not server.is_of_one_kind for name in server.variables
    )
    return {name: value for name in variables if (value := os.environ.get(name))}


def ensure_services(checkout: Checkout | None = None, keep: bool = False) -> RunningServices:
    """The servers of the checkout, started when they do not run.

    Args:
        keep: they run until `make down`, also when no process uses them

    Raises:
        ServersUnusable: a server is missing or does not come up; the text says what to do
    """
    checkout = checkout or Checkout()
    group = None if wanted_kind() == "external" else choose(checkout)
    with checkout.locked("services"):
        lease = Lease(checkout)
        started = _start(group, lease, keep) if group else False
        running = RunningServices(checkout, group, lease, started)
        if group:
            databases.make_roles(running.urls, databases.system_databases())
            brokers.make_users(running.urls)
        return running


def _start(group: ServerGroup, lease: Lease, keep: bool) -> bool:
    """Start what does not run. The lease is written first: this process may be killed meanwhile."""
    fresh = not group.any_running()
    if keep:
        lease.keep()
    elif fresh:
        lease.started()
    try:
        return group.start()
    except BaseException:
        if fresh:
            group.stop()
        raise
