"""Dies in a request that writes an event: create, change, delete, and the idempotent create."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from local.banking.chaos.kill_points.changes import Change, creation, deletion, status_change
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import (
    COMMIT,
    Boundary,
    Method,
    Statement,
    after,
    before,
)
from local.chaos.kill_points import KillPoint

CUSTOMERS = "functions/banking/customer/customers.sql"
MARK = Statement("functions/banking/events/outbox.sql", "mark_published")
# The bytes are sent when pika's transport empties the buffer that the publish has filled.
SENT = after(
    Method("pika.adapters.utils.io_services_utils:_AsyncTransportBase._produce"),
    since=Method("pika.channel:Channel.basic_publish"),
)


@dataclass(frozen=True)
class Write:
    """A request that writes one event. `committed` says what must exist afterwards."""

    kind: str
    committed: bool

    def __call__(self, trial: Trial) -> None:
        """Die in it. Afterwards either everything exists or nothing."""
        change = self._change(trial)
        held = len(trial.events())
        trial.kill_in(change)
        trial.come_to_rest()
        written = len(trial.events()) - held
        trial.expect(written == self.committed, f"{written} events were written")

    def _change(self, trial: Trial) -> Change:
        if self.kind == "create":
            return creation(trial.tenant)
        customer_id = trial.make(creation(trial.tenant)).data["customer_id"]
        if self.kind == "delete":
            return deletion(trial.tenant, customer_id)
        return status_change(trial.tenant, customer_id)


@dataclass(frozen=True)
class IdempotentCreate:
    """A create with a key. `committed` says whether its answer was stored before the death."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """Die in it and send it again: it gets its one answer, and there is one customer."""
        change = creation(trial.tenant, str(uuid.uuid4()))
        trial.kill_in(change)
        replies = [trial.make(change) for _ in range(2)]
        statuses = [reply.status for reply in replies]
        replayed = [reply.headers.get("Idempotency-Replayed") == "true" for reply in replies]
        trial.expect(statuses == [201, 201], f"answered {statuses}")
        trial.expect(replayed == [self.committed, True], f"replayed: {replayed}")
        trial.come_to_rest()
        trial.expect(len(trial.events()) == 1, f"one key wrote {len(trial.events())} events")


def _points(kind: str, begin: Boundary, committed: Boundary) -> list[KillPoint]:
    nothing, all_of_it = Write(kind, committed=False), Write(kind, committed=True)
    return [
        KillPoint(f"{kind}: before the commit", begin, nothing),
        KillPoint(f"{kind}: after the commit, before the publish", committed, all_of_it),
        KillPoint(f"{kind}: the publish has left, before its confirm", SENT, all_of_it, 1),
        KillPoint(f"{kind}: after the confirm, before the mark", before(MARK), all_of_it, 1),
        KillPoint(f"{kind}: after the mark, before the answer", after(MARK), all_of_it),
    ]


def _in_one_statement(kind: str, name: str) -> list[KillPoint]:
    statement = Statement(CUSTOMERS, name)  # in its own transaction
    return _points(kind, before(statement), after(statement))


def _idempotent(moment: str, boundary: Boundary, committed: bool, repeats: int = 0) -> KillPoint:
    return KillPoint(f"idempotent create: {moment}", boundary, IdempotentCreate(committed), repeats)


POINTS = (
    *_in_one_statement("create", "create_customer"),
    *_in_one_statement("change of status", "change_status"),
    *_points("delete", before(COMMIT), after(COMMIT)),
    _idempotent("before the commit", before(COMMIT), committed=False),
    _idempotent("after the commit, before the publish", after(COMMIT), committed=True),
    _idempotent("after the confirm, before the mark", before(MARK), True, 1),
    _idempotent("after the mark, before the answer", after(MARK), committed=True),
)
