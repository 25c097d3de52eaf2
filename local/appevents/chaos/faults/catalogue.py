"""Every fault of a run of app.events, by name."""

from __future__ import annotations

from random import Random
from typing import Any

from chalicelib.appevents.configuration import SERVICE
from local.chaos.faults import connections, database, members, servers
from local.chaos.faults.fault import Fault

BRIEFLY = (0.5, 2.0)
A_WHILE = (1.5, 4.0)
PAST_THE_HEARTBEATS = (7.0, 10.0)
"""The broker gives what a frozen process has to another one after 6 s here."""


def _functions(bed: Any) -> Any:
    return bed.functions


def _queues(bed: Any) -> Any:
    return bed.queues


def _schedules(bed: Any) -> Any:
    return bed.schedules


def _one_of_all(bed: Any, random: Random) -> str:
    return str(bed.database_of(random))


FAULTS = (
    Fault("queues killed", "queues", BRIEFLY, members.killed(_queues)),
    Fault("queues killed again", "queues", BRIEFLY, members.killed(_queues)),
    Fault("queues killed once more", "queues", BRIEFLY, members.killed(_queues)),
    Fault("queues frozen", "queues", PAST_THE_HEARTBEATS, members.frozen(_queues)),
    Fault("function killed", "functions", BRIEFLY, members.killed(_functions), 2.0),
    Fault("function killed again", "functions", BRIEFLY, members.killed(_functions), 2.0),
    Fault("function frozen", "functions", PAST_THE_HEARTBEATS, members.frozen(_functions)),
    Fault("callers cut", "functions", BRIEFLY, connections.callers_cut),
    Fault("schedules killed", "schedules", BRIEFLY, members.killed(_schedules)),
    Fault("schedules frozen", "schedules", A_WHILE, members.frozen(_schedules)),
    Fault("database killed", "database", BRIEFLY, servers.killed(lambda s: s.postgresql), 2.0),
    Fault(
        "database restarted", "database", BRIEFLY, servers.restarted(lambda s: s.postgresql), 2.0
    ),
    Fault("database frozen", "database", BRIEFLY, servers.frozen(lambda s: s.postgresql)),
    Fault(
        "backends terminated",
        "database",
        BRIEFLY,
        database.backends_terminated(SERVICE, _one_of_all),
    ),
    Fault("commits slow", "database", A_WHILE, database.commits_slow),
    Fault("database connections cut", "database lines", BRIEFLY, connections.cut("database")),
    Fault(
        "database connections stalled", "database lines", A_WHILE, connections.stalled("database")
    ),
    Fault(
        "database connections half-open",
        "database lines",
        A_WHILE,
        connections.half_open("database"),
    ),
    Fault("broker killed", "broker", BRIEFLY, servers.killed(lambda s: s.rabbitmq), 7.0),
    Fault("broker restarted", "broker", (0.0, 0.5), servers.restarted(lambda s: s.rabbitmq), 10.0),
    Fault("broker frozen", "broker", A_WHILE, servers.frozen(lambda s: s.rabbitmq)),
    Fault("broker connections cut", "broker lines", BRIEFLY, connections.cut("broker")),
    Fault("broker connections stalled", "broker lines", A_WHILE, connections.stalled("broker")),
    Fault("broker connections half-open", "broker lines", A_WHILE, connections.half_open("broker")),
    Fault("cache killed", "cache", A_WHILE, servers.killed(lambda s: s.redis)),
    Fault("cache frozen", "cache", A_WHILE, servers.frozen(lambda s: s.redis)),
    Fault("store killed", "store", A_WHILE, servers.killed(lambda s: s.servers["objects"])),
    Fault("store frozen", "store", A_WHILE, servers.frozen(lambda s: s.servers["objects"])),
    Fault("store connections cut", "store", BRIEFLY, connections.cut("objects")),
    Fault("store connections slow", "store", A_WHILE, connections.slow("objects", 0.3)),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
