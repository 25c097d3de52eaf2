"""Dies while a statement runs in PostgreSQL. There is no boundary inside a statement, so one is made.

A lock of the harness stops the statement in its middle. Then either the waiting process is killed
(PostgreSQL still finishes the statement), or its backend is ended (then everything is undone).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
import psycopg2.errors

from local.banking.chaos.kill_points.cell import NOTHING, SQL
from local.banking.chaos.kill_points.changes import creation, status_change
from local.banking.chaos.kill_points.points.delivering import whole_or_nothing
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.kill_points import KillPoint, until
from local.chaos.processes import Task


@dataclass(frozen=True)
class ConfirmationAmidst:
    """confirm-delivery between its receipt and its event, which are one statement."""

    backend: bool

    def __call__(self, trial: Trial) -> None:
        """The receipt is written but not committed. Then the whole statement stays, or nothing."""
        trial.make(creation(trial.tenant))
        (event,) = trial.events()
        body = {"event_id": event.event_id, "status": "processed"}
        request = Request("POST", "/events/confirm-delivery", trial.tenant.key, body)
        with locked(trial, "hold_event", event_id=event.event_id):
            interrupt(trial, request, self.backend, event_id=event.event_id)
        until("nobody is under way any more", lambda: not trial.cell.query("under_way"))
        (event,) = trial.events()
        whole_or_nothing(trial, event.event_id)
        undone = event.receipt is None
        trial.expect(undone == self.backend, f"the receipt is {event.receipt}")
        trial.come_to_rest()


def changing(trial: Trial) -> None:
    """A change of status. Its process is killed while the statement waits for the customer's row."""
    customer_id = trial.make(creation(trial.tenant)).data["customer_id"]
    change = status_change(trial.tenant, customer_id)
    trial.answers.append(change.answered(None, {}))
    with locked(trial, "hold_customer", customer_id=customer_id):
        interrupt(trial, change.request, backend=False)
    until("nobody is under way any more", lambda: not trial.cell.query("under_way"))
    trial.come_to_rest()
    trial.expect(len(trial.events()) == 2, f"there are {len(trial.events())} events")


@contextmanager
def locked(trial: Trial, statement: str, **parameters: str) -> Iterator[None]:
    """Hold a row lock for the block."""
    with closing(psycopg2.connect(trial.cell.url)) as holder:
        holder.cursor().execute(SQL[statement], parameters)
        yield
        holder.rollback()


def interrupt(
    trial: Trial,
    task: Task,
    backend: bool,
    event_id: str | None = None,
    settings: Mapping[str, str] = NOTHING,
) -> None:
    """Kill the process or end its backend once its statement waits for the lock."""
    process = trial.cell.start(task, settings)
    until("the statement stands still", lambda: bool(trial.cell.query("standing_still")))
    if event_id is not None:
        trial.expect(_receipt_is_written(trial, event_id), "the receipt is not written yet")
    trial.hit = True
    if not backend:
        process.kill()
        return
    trial.cell.query("end_standing_still")
    status = process.wait().answer.status
    trial.expect(status == 503, f"answered {status} with its backend gone")


def _receipt_is_written(trial: Trial, event_id: str) -> bool:
    """Whether a transaction holds this receipt uncommitted: another insert of it must wait."""
    try:
        trial.cell.query("same_receipt", event_id=event_id)
    except psycopg2.errors.LockNotAvailable:
        return True
    return False


POINTS = (
    KillPoint(
        "confirm-delivery: between receipt and event, its backend is ended",
        None,
        ConfirmationAmidst(backend=True),
    ),
    KillPoint(
        "confirm-delivery: between receipt and event, its process is killed",
        None,
        ConfirmationAmidst(backend=False),
    ),
    KillPoint("change of status: while its statement runs", None, changing),
)
