"""Every fault of a run of the relay, by name."""

from __future__ import annotations

from chalicelib.relay.configuration import SERVICE
from local.chaos.faults import connections, database, members, servers
from local.chaos.faults.fault import Fault
from local.relay.chaos.faults import receiving
from local.relay.chaos.faults.receiving import JUDGED, KNOW_TOKENS, behaving

BRIEFLY = (0.5, 2.0)
A_WHILE = (1.5, 4.0)
PAST_THE_LEASE = (7.0, 9.0)
"""A lease lasts 5 s here."""
INTERRUPTING = frozenset({"schedules", "functions", "database", "database lines"})
"""The lanes whose faults may keep a process from marking what it has sent."""
ANSWERS, SILENCE = "receivers that answer", "receivers that do not answer"

FAULTS = (
    Fault("receiver wants less (429)", ANSWERS, A_WHILE, behaving("throttle", retry_after=1)),
    Fault("receiver unwell (503)", ANSWERS, A_WHILE, behaving("fail", status=503)),
    Fault("receiver unwell (500)", ANSWERS, A_WHILE, behaving("fail", status=500)),
    Fault("receiver shows a page (HTML)", ANSWERS, A_WHILE, behaving("html", JUDGED)),
    Fault("receiver's error in a 200", ANSWERS, A_WHILE, behaving("error_in_200", JUDGED)),
    Fault("token refused, then mended", ANSWERS, A_WHILE, behaving("refuse_token", KNOW_TOKENS)),
    Fault("receiver slow", SILENCE, A_WHILE, behaving("slow", delay=1.5)),
    Fault("receiver silent", SILENCE, A_WHILE, behaving("silent")),
    Fault("receiver silent, takes all", SILENCE, A_WHILE, behaving("silent", takes=True)),
    Fault("receiver drops before reading", SILENCE, A_WHILE, behaving("drop_before")),
    Fault("receiver drops after reading", SILENCE, A_WHILE, behaving("drop_after")),
    Fault("receiver killed", SILENCE, A_WHILE, receiving.killed),
    Fault("delivery killed", "schedules", BRIEFLY, members.killed(lambda bed: bed.schedules)),
    Fault("delivery killed again", "schedules", BRIEFLY, members.killed(lambda b: b.schedules)),
    Fault(
        "delivery frozen", "schedules", PAST_THE_LEASE, members.frozen(lambda bed: bed.schedules)
    ),
    Fault("function killed", "functions", BRIEFLY, members.killed(lambda b: b.functions), 2.0),
    Fault("function frozen", "functions", PAST_THE_LEASE, members.frozen(lambda b: b.functions)),
    Fault("callers cut", "functions", BRIEFLY, connections.callers_cut),
    Fault("database killed", "database", BRIEFLY, servers.killed(lambda s: s.postgresql), 2.0),
    Fault(
        "database restarted", "database", BRIEFLY, servers.restarted(lambda s: s.postgresql), 2.0
    ),
    Fault("database frozen", "database", BRIEFLY, servers.frozen(lambda s: s.postgresql)),
    Fault("backends terminated", "database", BRIEFLY, database.backends_terminated(SERVICE)),
    Fault("lanes locked", "database", (2.0, 6.5), receiving.lanes_locked),
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
    Fault("broker connections cut", "broker", BRIEFLY, connections.cut("broker")),
    Fault("broker connections stalled", "broker", A_WHILE, connections.stalled("broker")),
    Fault("cache killed", "cache", A_WHILE, servers.killed(lambda s: s.redis)),
    Fault("cache frozen", "cache", A_WHILE, servers.frozen(lambda s: s.redis)),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
EVER_PRESENT = ("two schedules and two functions deliver at once",)
"""What lasts for the whole of every run."""
