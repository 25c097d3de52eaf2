"""Dies in the schedules that clean up: expiring keys and purging rows."""

from __future__ import annotations

import uuid

from local.banking.chaos.kill_points.changes import creation
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import Statement, after, before
from local.chaos.kill_points import KillPoint
from local.chaos.scheduled_run import ScheduledRun

EXPIRE = Statement("functions/banking/consumer/keys.sql", "expire_due_keys")
PURGE = "functions/banking/schedules/purge.sql"
OLD, YOUNG = 7, 2
SMALL_BATCHES = {"SWEEP_BATCH": "3"}


def expiring(trial: Trial) -> None:
    """An expired key is refused before and after the death. The next run sets its status."""
    trial.cell.query("make_due", consumer_id=trial.tenant.consumer_id)
    trial.kill(ScheduledRun("expire_api_keys"))
    trial.expect(trial.send(creation(trial.tenant).request).status == 401, "the key still works")
    trial.cell.run(ScheduledRun("expire_api_keys"))
    (row,) = trial.cell.query("active_keys", consumer_id=trial.tenant.consumer_id)
    trial.expect(row["count"] == 0, "the key is still active")


def purging(trial: Trial) -> None:
    """The next run at the latest deletes old rows. Young ones stay and can still be replayed."""
    changes = [creation(trial.tenant, str(uuid.uuid4())) for _ in range(OLD + YOUNG)]
    for change in changes:
        trial.make(change)
    consumer = {"consumer_id": trial.tenant.consumer_id}
    trial.cell.query("make_old", keys=[change.key for change in changes[:OLD]], **consumer)
    trial.cell.query("write_old_audit", rows=OLD, **consumer)
    trial.kill(ScheduledRun("purge"), SMALL_BATCHES)
    trial.cell.run(ScheduledRun("purge"), SMALL_BATCHES)
    (left,) = trial.cell.query("left_by_purge", **consumer)
    trial.expect(left == {"keys": YOUNG, "audit_rows": 0}, f"left: {left}")
    replayed = trial.make(changes[-1]).headers.get("Idempotency-Replayed")
    trial.expect(replayed == "true", "a young key was purged")
    trial.come_to_rest()


POINTS = (
    KillPoint("expire_api_keys: before its statement", before(EXPIRE), expiring),
    KillPoint("expire_api_keys: after its statement", after(EXPIRE), expiring),
    KillPoint(
        "purge: between two batches of one kind",
        after(Statement(PURGE, "idempotency_keys")),
        purging,
    ),
    KillPoint(
        "purge: between two batches of another kind",
        after(Statement(PURGE, "audit_rows"), 2),
        purging,
    ),
)
