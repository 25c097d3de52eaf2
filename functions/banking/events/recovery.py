"""Recovers after a backup was restored, and finds out when nobody has said so.

A restored database has lost events that banks have applied, gives their sequences to others, and has
keys that were revoked. A recovery raises the epoch, ends these keys, lists what the queues hold and the
database does not, and begins a rewind of each bank from its first event, with what was processed: the
last event that a bank got must be the last one that the platform has. Who has left gets none. It may be
killed at any point and run again.
The model-checked rules are in docs/decisions/0023-an-epoch-orders-what-a-restore-repeats.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pika

from chalicelib.banking.configuration import SERVICE
from chalicelib.banking.consumer.revocations import Revocations
from chalicelib.banking.events.reconcile import read_recovery
from chalicelib.banking.events.topology import EVENT_TYPES, queue_name
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside
from fintegrate.redis_connection import Question, RedisConnections, Script

SQL = queries_beside(__name__)
LISTED = 20
"""Lost events in the answer. The table `lost_events` has all of them."""
QUIET_SECONDS = 2.0
BEAT = Script("""
local kept = redis.call('GET', KEYS[1]) or '0:'
local seen = tonumber(string.match(kept, '^%d+'))
if kept == ARGV[1] .. ':' .. ARGV[2] then return 0 end
if tonumber(ARGV[1]) > seen then
    redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'EX', 2592000)
end
return seen
""")
"""Keeps the highest beat and returns the one before. The nonce recognises a call that is sent twice."""
YOUNGER = "a recovery raised the epoch to {epoch}, and this database has {own}"
FORGOTTEN = "this database has forgotten minutes of its life that Redis remembers"
REVIVED = "this database has forgotten a revocation that the record has"
OVERLAPPING = 1_000


class RecoveryDue(Exception):
    """The database was restored from a backup, and `recover` has not been run."""


class Recovery:
    """One run; `settle` has `broker_admin` bring about what is wanted, and returns after a while."""

    def __init__(
        self,
        database: Database,
        revocations: Revocations,
        parameters: pika.URLParameters,
        settle: Callable[[], None],
    ) -> None:
        self._db = database
        self._revocations = revocations
        self._parameters = parameters
        self._settle = settle

    def run(self, backup_at: datetime, reason: str) -> Row:
        """Begin, or go on after a kill: the same time means the same recovery.

        Unless another restore was noticed since: then another one begins.

        Raises:
            ValueError: the time has no zone or is to come.
            RecordUnavailable: nobody knows what was revoked; nothing was changed.
            BrokerUnavailable: the queues cannot be read; what came before stays done.
        """
        if backup_at.tzinfo is None or backup_at > datetime.now(UTC):
            raise ValueError("backup_time must have a time zone and lie in the past")
        read_recovery(self._db)
        state, ended = self._begin(backup_at, reason)
        unread: dict[str, str] | None = None
        if state["stage"] != "rewinding":
            self._db.execute(SQL["hold_access"], {})
            self._settle()
            unread = self._read_queues(int(state["epoch"]))
            with self._db.transaction():
                self._db.execute(SQL["end_rewinds"], {})
                self._db.execute(SQL["begin_rewinds"], {**state, "reason": reason})
                self._db.execute(SQL["give_access_back"], {})
            self._settle()
        lost = self._db.fetch_all(SQL["lost"], {**state, "most": LISTED})
        total = lost[0]["total"] if lost else 0
        for event in lost:
            del event["total"]
        return {
            **read_recovery(self._db),
            **ended,
            "queues_not_read": unread,
            "lost_count": total,
            "lost": lost,
        }

    def _begin(self, backup_at: datetime, reason: str) -> tuple[Row, Row]:
        """Raise the epoch, once, and end the keys. The record has it first, so none comes again."""
        with self._db.transaction():
            (state,) = self._db.fetch_all(SQL["lock"], {})
            if state["backup_at"] != backup_at or state["suspicion"]:
                epoch = self._revocations.raise_epoch(state["epoch"])
                begun = {"epoch": epoch, "backup_at": backup_at, "reason": reason}
                (state,) = self._db.fetch_all(SQL["begin"], begun)
            return state, self._revocations.apply(backup_at, state["began_at"])

    def _read_queues(self, epoch: int) -> dict[str, str]:
        """Keep what the database does not have; returns why a bank's queue could not be read whole."""
        from fintegrate.messaging.looking import look_into

        unread = {}
        for consumer in self._db.fetch_all(SQL["consumers"], {}):
            held, queue = _Held(), queue_name(consumer["name"])
            look = look_into(self._parameters, queue, held.note, QUIET_SECONDS)
            self._db.execute(
                SQL["keep_lost"],
                {**held.facts, "consumer_id": consumer["consumer_id"], "epoch": epoch},
            )
            if look.readers or look.unseen:
                unread[consumer["name"]] = (
                    f"{look.readers} readers, {look.unseen} messages not seen"
                )
        return unread


def watch(db: Database, redis: RedisConnections, revocations: Revocations) -> Row:
    """Bring the record of revocations up to date, and notice that the database was restored.

    Two witnesses remember more than a restored database: the record its epoch and each revocation, Redis
    its beats.

    Raises:
        RecordUnavailable: the record is away.
        RecoveryDue: somebody has to run `recover`.
    """
    row = db.fetch_all(SQL["beat"], {}, revive=True)[0]  # a beat more does no harm
    beats, witness = row["beats"], row["witness"]
    key = f"{SERVICE}:beats:{row['database']}:{witness}"
    seen: int = redis.answer(Question(BEAT.call(key, beats, uuid4().hex))) or 0
    if seen >= beats:
        # A beat that was counted twice is proof; a higher one may be that of a run which overlaps.
        below = seen if seen > beats else seen + OVERLAPPING
        db.execute(SQL["lost_beats"], {"said": FORGOTTEN, "witness": witness, "below": below})
    kept = revocations.keep()
    if kept.epoch > row["epoch"]:
        said = YOUNGER.format(epoch=kept.epoch, own=row["epoch"])
        db.execute(SQL["lost_epoch"], {"said": said, "epoch": kept.epoch})
    if kept.forgotten:
        db.execute(SQL["lost_revocation"], {"said": REVIVED, "version": kept.version})
    state = read_recovery(db)
    if state["suspicion"]:
        raise RecoveryDue(state["suspicion"])
    return {"epoch": state["epoch"], "recovery_due": state["due"]}


def wait_until_settled(db: Database, seconds: float) -> None:
    """Wait until `broker_admin` has done everything, at most so long."""
    deadline = time.monotonic() + seconds
    while db.fetch_all(SQL["unsettled"], {})[0]["count"] and time.monotonic() < deadline:
        time.sleep(0.2)


class _Held:
    """The facts of those messages of a queue that can be events of ours."""

    def __init__(self) -> None:
        self.facts: dict[str, list[object]] = {
            name: [] for name in ("event_ids", "customer_ids", "sequences", "event_types")
        }

    def note(self, properties: pika.BasicProperties) -> None:
        headers = properties.headers or {}
        try:
            event = str(UUID(str(properties.message_id)))
            customer = str(UUID(str(headers["customer_id"])))
            sequence = int(str(headers["sequence"]))
        except (KeyError, ValueError):
            return  # somebody else's message: the dead-letter sweep shows such ones
        if properties.type not in EVENT_TYPES or not 0 < sequence < 2**63:
            return
        told = (event, customer, sequence, str(properties.type))
        for column, fact in zip(self.facts.values(), told, strict=True):
            column.append(fact)
