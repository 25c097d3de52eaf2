"""Every fault of a run, by name."""

from __future__ import annotations

from local.banking.chaos.faults import away, broker, locks, resends
from local.chaos.faults import connections, database, members, servers
from local.chaos.faults.fault import Fault

BRIEFLY = (0.5, 2.0)
A_WHILE = (1.5, 4.0)
PAST_THE_HEARTBEAT = (7.0, 9.0)
"""The processes ask for a heartbeat of 3 s. The broker drops a frozen one after two missed beats."""

FAULTS = (
    Fault("broker killed", "broker", BRIEFLY, servers.killed(lambda s: s.rabbitmq), 7.0),
    Fault("broker restarted", "broker", (0.0, 0.5), servers.restarted(lambda s: s.rabbitmq), 10.0),
    Fault("broker frozen", "broker", A_WHILE, servers.frozen(lambda s: s.rabbitmq)),
    Fault("broker's memory alarm", "broker", (1.0, 2.0), broker.memory_alarm, 4.0),
    Fault("queue full", "broker", A_WHILE, broker.queue_full),
    Fault("broker connections cut", "broker connections", BRIEFLY, connections.cut("broker")),
    Fault(
        "broker connections stalled",
        "broker connections",
        A_WHILE,
        connections.stalled("broker"),
    ),
    Fault(
        "broker connections half-open",
        "broker connections",
        A_WHILE,
        connections.half_open("broker"),
    ),
    Fault(
        "broker connections slow",
        "broker connections",
        A_WHILE,
        connections.slow("broker", 0.3),
    ),
    Fault("database killed", "database", BRIEFLY, servers.killed(lambda s: s.postgresql), 2.0),
    Fault(
        "database restarted", "database", BRIEFLY, servers.restarted(lambda s: s.postgresql), 2.0
    ),
    Fault("database frozen", "database", BRIEFLY, servers.frozen(lambda s: s.postgresql)),
    Fault("backends terminated", "database", BRIEFLY, database.backends_terminated("fintegrate")),
    Fault("rows locked", "database", (2.0, 6.5), locks.rows_locked),
    Fault("commits slow", "database", A_WHILE, database.commits_slow),
    Fault("database connections cut", "database connections", BRIEFLY, connections.cut("database")),
    Fault(
        "database connections stalled",
        "database connections",
        A_WHILE,
        connections.stalled("database"),
    ),
    Fault(
        "database connections half-open",
        "database connections",
        A_WHILE,
        connections.half_open("database"),
    ),
    Fault(
        "database connections slow",
        "database connections",
        A_WHILE,
        connections.slow("database", 0.1),
    ),
    Fault("cache killed", "cache", A_WHILE, servers.killed(lambda s: s.redis)),
    Fault("cache frozen", "cache", A_WHILE, servers.frozen(lambda s: s.redis)),
    Fault("cache connections stalled", "cache", A_WHILE, connections.stalled("cache")),
    Fault("function killed", "functions", BRIEFLY, members.killed(lambda b: b.functions), 2.0),
    Fault(
        "function frozen", "functions", PAST_THE_HEARTBEAT, members.frozen(lambda b: b.functions)
    ),
    Fault("callers cut", "functions", BRIEFLY, connections.callers_cut),
    Fault("schedule killed", "schedules", BRIEFLY, members.killed(lambda b: b.schedules)),
    Fault(
        "schedule frozen", "schedules", PAST_THE_HEARTBEAT, members.frozen(lambda b: b.schedules)
    ),
    Fault("three resends at once", "admin", BRIEFLY, resends.resends_at_once),
    Fault(
        "consumer killed",
        "consumers",
        BRIEFLY,
        members.killed(lambda b: list(b.consumers.values())),
    ),
    Fault(
        "consumer frozen",
        "consumers",
        A_WHILE,
        members.frozen(lambda b: list(b.consumers.values())),
    ),
    Fault("bank away, then rewind", "consumers", A_WHILE, away.bank_away, 14.0),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
EVER_PRESENT = ("clocks ten minutes apart", "two schedules at once")
"""The faults that last for the whole of every run."""
