"""Banking with one customer as the world of an exploration: what it begins with, and what must hold.

Leaves to others who acts (`scenes`) and in what order (`exploration`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.customer import customers
from chalicelib.banking.events import outbox, skip_head
from chalicelib.banking.events.resend import resend_filters, run_resend
from chalicelib.banking.events.rewind_worker import RewindWorker
from chalicelib.banking.events.scope import Scope
from fintegrate.database import Row
from tests.integration.banking.events.stepping.actors import Step
from tests.integration.banking.events.stepping.stepped_parts import (
    CONFIRMED,
    SteppedClock,
    SteppedDatabase,
    SteppedPublisher,
)
from tests.support.fixtures import Query

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_CLOCK = """
CREATE SCHEMA stepping;
CREATE TABLE stepping.clock (now timestamptz NOT NULL);
INSERT INTO stepping.clock VALUES ('2026-01-01');
CREATE FUNCTION stepping.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT now FROM stepping.clock';
GRANT USAGE ON SCHEMA stepping TO PUBLIC;
GRANT SELECT ON stepping.clock TO PUBLIC;
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %%I SET search_path = stepping, public, pg_catalog',
                   current_database());
    EXECUTE format('ALTER DATABASE %%I SET synchronous_commit = off', current_database());
END $$;
CREATE FUNCTION stepping.pg_snapshot_xmin(seen pg_snapshot) RETURNS xid8 LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(min(backend_xid::text::xid8), pg_catalog.pg_snapshot_xmax(seen))
    FROM pg_stat_activity WHERE datname = current_database()
$$;
INSERT INTO consumers (name) VALUES ('stepped');
"""
"""PostgreSQL's own clock is hidden, because this schema stands first in the search path, and so are
transactions of other databases. No server crashes here, so no commit needs to wait for the disk."""
_BEGIN = """
UPDATE customer_events SET publish_status = 'published', published_at = created_at,
    deliver_status = 'delivered', delivered_at = created_at, deliver_last_tried_at = NULL
WHERE customer_id = %(last)s;
DELETE FROM publishing_pauses;
DELETE FROM replay_jobs;
UPDATE stepping.clock SET now = '2026-01-01';
SELECT consumer_id, name AS consumer_name, 'stepping' AS source_service, NULL AS traceparent,
       NULL AS key_id, NULL AS request_id
FROM consumers WHERE name = 'stepped'
"""
"""No sweep or rewind finds anything of the last run. Each run has a customer of its own."""
_ROWS = """
SELECT e.sequence, e.publish_status, e.publish_failure_reason, e.publish_try_count,
       extract(epoch FROM e.created_at - '2026-01-01')::float8 AS born, c.status,
       (SELECT extract(epoch FROM probe_at - '2026-01-01')::float8 FROM publishing_pauses) AS probe_at,
       j.status AS job, j.waits_for, j.until_at::text, j.after_created_at::text,
       extract(epoch FROM j.quiet_after - '2026-01-01')::float8 AS quiet_after
FROM customer_events e LEFT JOIN customers c USING (customer_id) LEFT JOIN replay_jobs j ON true
WHERE e.customer_id = %(customer_id)s ORDER BY e.sequence
"""
_PASS = """
UPDATE stepping.clock SET now = greatest(now, (
    SELECT created_at + make_interval(secs => %(seconds)s) FROM customer_events
    WHERE customer_id = %(customer_id)s AND sequence = %(sequence)s))
RETURNING extract(epoch FROM now - '2026-01-01')::float8 AS now
"""
_PASS_QUIET = """
UPDATE stepping.clock SET now = greatest(now, (SELECT quiet_after FROM replay_jobs))
RETURNING extract(epoch FROM now - '2026-01-01')::float8 AS now
"""
_WAITING = """
SELECT count(*) AS number FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""
_PATIENT = {"DATABASE_LOCK_TIMEOUT_MS": "60000", "DATABASE_STATEMENT_TIMEOUT_MS": "60000"}
"""A statement waits in real time, until the scheduler lets the holder of its lock go on."""


@dataclass(frozen=True)
class Scene:
    """What there is at the beginning, who acts, and what may happen besides.

    Attributes:
        given: the statuses of the customer's first events: published, pending (with a reason) or failed.
        actors: what each does, by name.
        fates: what may become of each message that an actor publishes.
        clock: whether hand-off times pass.
        batch: how many events a sweep claims at once.
    """

    given: Sequence[str]
    actors: Mapping[str, Callable[[SteppedBanking], None]]
    fates: Sequence[str] = (CONFIRMED,)
    clock: bool = False
    batch: int = 2_000


class SteppedBanking:
    """The `World` of a scene.

    `late_is_excused`: an event that was given up may arrive after its successors if a copy of it was
    under way.
    """

    def __init__(
        self,
        scene: Scene,
        environment: Mapping[str, str],
        query: Query,
        *,
        late_is_excused: bool = True,
    ) -> None:
        self._scene = scene
        self._query = query
        self._late_is_excused = late_is_excused
        self.clock = SteppedClock()
        self.publisher = SteppedPublisher(scene.fates)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wiring, "Database", SteppedDatabase)
            patch.setattr(wiring, "Publisher", lambda *_: self.publisher)
            self.parts = wiring.build({**environment, **_PATIENT, "SWEEP_BATCH": str(scene.batch)})
        self.database = self.parts.request.database
        self.publisher.in_transaction = lambda: self.parts.sweep_database.in_transaction
        self.rewind = RewindWorker(
            self.parts.sweep_database, environment["RABBITMQ_URL"], self.handoff_seconds
        )
        self.customer_id: str | None = None
        query(_CLOCK)

    def begin(self) -> None:
        SteppedDatabase.names = {}
        self.clock.begin()
        self.publisher.begin()
        self._excused: set[int] = set()
        (self._bank,) = self._query(_BEGIN, last=self.customer_id)
        customer = self._event("create_customer", name="Jane Roe", status="ACTIVE")
        assert customer is not None
        assert customer["created_at"] == _BEGINNING, "the statements do not read the stepped clock"
        self.customer_id = customer["customer_id"]
        for number, status in enumerate(self._scene.given):
            event = customer if number == 0 else self.change(("ACTIVE", "INACTIVE")[number % 2])
            assert event is not None
            self._give(event, status)

    def change(self, status: str) -> Row | None:
        """Change the customer's status; its event, or None if it has this status."""
        return self._event("change_status", customer_id=self.customer_id, status=status)

    def state(self) -> Hashable:
        self._rows = self._query(_ROWS, customer_id=self.customer_id)
        return (
            tuple(tuple(row.values()) for row in self._rows),
            self._first_sights,
            tuple(sorted(self.publisher.on_the_way)),
            tuple(sorted(self._excused)),
            tuple(sorted(self.publisher.said_to_be_late)),
            self.clock.now,
        )

    def moves(self) -> list[Step]:
        late = sorted(set(self.publisher.on_the_way))
        moves = [Step("network", "a late copy arrives", str(sequence)) for sequence in late]
        if self._scene.clock:
            moves += [
                Step("clock", "a hand-off time passes", str(row["sequence"]))
                for row in self._pending
                if row["born"] + self.handoff_seconds > self.clock.now
            ][:1]
        quiet_after = self._rows[0]["quiet_after"]
        if quiet_after and quiet_after > self.clock.now and not self.publisher.bounded:
            moves.append(Step("time", "the longest of publishers' times passes", "0"))
        return moves

    def move(self, step: Step) -> None:
        moved = {
            "network": self._let_arrive,
            "clock": self._let_pass,
            "time": self._let_publishers_pass,
        }[step.who]
        moved(int(step.outcome))

    def waiting(self) -> int:
        return int(self._query(_WAITING)[0]["number"])

    def check(self) -> None:
        """Order, but for what says that it is late; and what is published is in the queue."""
        sights, excused = self._first_sights, self._excused | self.publisher.said_to_be_late
        for place, sequence in enumerate(sights):
            overtakers = [before for before in sights[:place] if before > sequence]
            assert not overtakers or sequence in excused, f"overtaken: the queue has {sights}"
        if self._rows[0]["job"] in {"held", "publishing"}:
            return  # until it is done, the new queue has not everything
        for row in self._rows:
            sequence, status = row["sequence"], row["publish_status"]
            if sequence not in sights:
                assert status != "published", f"{sequence} is published, the queue has {sights}"
                waits = status == "pending" and sequence < max(sights, default=0)
                assert not waits, f"overtaken: {sequence} is pending, the queue has {sights}"

    def check_end(self) -> None:
        """The next sweep leaves nothing pending."""
        for _ in range(3):
            self._query("UPDATE stepping.clock SET now = now + interval '1 hour'")
            self.rewind.run(3_600)
        self.resend()
        self.state()
        assert not self._pending, f"still pending: {self._pending}"
        self.check()

    def resend(self) -> None:
        """Run the resend schedule once."""
        run_resend(self.parts.resend, resend_filters(self.parts.settings, Scope()), seconds=3_600)

    def _event(self, statement: str, **values: object) -> Row | None:
        return self.database.fetch_one(customers.SQL[statement], {**self._bank, **values})

    def _give(self, event: Row, status: str) -> None:
        """Leave an event as a handler leaves it."""
        if status == "published":
            self.publisher.arrived.append(event["sequence"])
            self.database.execute(outbox.SQL["mark_published"], {"id": event["event_id"]})
            return
        event_id, reason = event["event_id"], "the broker was away"
        left = {"id": event_id, "reason": reason, "tried": False, "outcome": None}
        self.database.execute(outbox.SQL["mark_unpublished"], left)
        if status == "failed":
            skipped = {"event_id": event_id, "reason": reason, "caused_by": None}
            self.database.execute(skip_head.SQL["skip_head"], skipped)

    def _let_arrive(self, sequence: int) -> None:
        self.publisher.on_the_way.remove(sequence)
        self.publisher.arrived.append(sequence)
        self.state()
        (row,) = [row for row in self._rows if row["sequence"] == sequence]
        if self._late_is_excused and row["publish_status"] == "failed":
            self._excused.add(sequence)

    def let_moment_pass(self) -> None:
        self._query("UPDATE stepping.clock SET now = now + interval '1 second'")
        self.clock.now += 1

    def _let_publishers_pass(self, _: int) -> None:
        (passed,) = self._query(_PASS_QUIET)
        self.clock.now = passed["now"]

    def _let_pass(self, sequence: int) -> None:
        of_event = {"customer_id": self.customer_id, "sequence": sequence}
        (passed,) = self._query(_PASS, seconds=self.handoff_seconds, **of_event)
        self.clock.now = passed["now"]

    @property
    def consumer_id(self) -> str:
        return str(self._bank["consumer_id"])

    @property
    def handoff_seconds(self) -> int:
        return self.parts.settings.publish_handoff_seconds

    @property
    def _pending(self) -> list[Row]:
        return [row for row in self._rows if row["publish_status"] == "pending"]

    @property
    def _first_sights(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.publisher.arrived))
