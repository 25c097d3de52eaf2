"""Dies while a statement runs in PostgreSQL. There is no boundary inside a statement, so one is made.

A lock of the harness stops the statement in its middle. Then either the waiting process is killed
(PostgreSQL still finishes the statement), or its backend is ended (then everything is undone).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
import psycopg2.errors

from local.banking.chaos.kill_points.cell import SQL
from local.banking.chaos.kill_points.changes import creation, status_change
from local.banking.chaos.kill_points.point import KillPoint
from local.banking.chaos.kill_points.points.delivering import whole_or_nothing
from local.banking.chaos.kill_points.processes import Task
from local.banking.chaos.kill_points.scene import Scene, until
from local.banking.chaos.kill_points.tasks import Request


@dataclass(frozen=True)
class ConfirmationAmidst:
    """confirm-delivery between its receipt and its event, which are one statement."""

    backend: bool

    def __call__(self, scene: Scene) -> None:
        """The receipt is written but not committed. Then the whole statement stays, or nothing."""
        scene.make(creation(scene.tenant))
        (event,) = scene.events()
        body = {"event_id": event.event_id, "status": "processed"}
        request = Request("POST", "/events/confirm-delivery", scene.tenant.key, body)
        with _locked(scene, "hold_event", event_id=event.event_id):
            _interrupt(scene, request, self.backend, event_id=event.event_id)
        until("nobody is under way any more", lambda: not scene.cell.query("under_way"))
        (event,) = scene.events()
        whole_or_nothing(scene, event.event_id)
        undone = event.receipt is None
        scene.expect(undone == self.backend, f"the receipt is {event.receipt}")
        scene.come_to_rest()


def changing(scene: Scene) -> None:
    """A change of status. Its process is killed while the statement waits for the customer's row."""
    customer_id = scene.make(creation(scene.tenant)).data["customer_id"]
    change = status_change(scene.tenant, customer_id)
    scene.answers.append(change.answered(None, {}))
    with _locked(scene, "hold_customer", customer_id=customer_id):
        _interrupt(scene, change.request, backend=False)
    until("nobody is under way any more", lambda: not scene.cell.query("under_way"))
    scene.come_to_rest()
    scene.expect(len(scene.events()) == 2, f"there are {len(scene.events())} events")


@contextmanager
def _locked(scene: Scene, statement: str, **parameters: str) -> Iterator[None]:
    """Hold a row lock for the block."""
    with closing(psycopg2.connect(scene.cell.environment["DATABASE_URL"])) as holder:
        holder.cursor().execute(SQL[statement], parameters)
        yield
        holder.rollback()


def _interrupt(scene: Scene, task: Task, backend: bool, event_id: str | None = None) -> None:
    """Kill the process or end its backend once its statement waits for the lock."""
    process = scene.cell.start(task)
    until("the statement stands still", lambda: bool(scene.cell.query("standing_still")))
    if event_id is not None:
        scene.expect(_receipt_is_written(scene, event_id), "the receipt is not written yet")
    scene.hit = True
    if not backend:
        process.kill()
        return
    scene.cell.query("end_standing_still")
    status = process.wait().answer.status
    scene.expect(status == 503, f"answered {status} with its backend gone")


def _receipt_is_written(scene: Scene, event_id: str) -> bool:
    """Whether a transaction holds this receipt uncommitted: another insert of it must wait."""
    try:
        scene.cell.query("same_receipt", event_id=event_id)
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
