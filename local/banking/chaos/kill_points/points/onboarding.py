"""Dies in the onboarding of a bank: around each step and its note, and while it is undone.

The requests do not wait for the broker's user: the cells share a broker, so a nudge may reach the server
of another. `Settlement` does its work for this cell. What comes before a death dies, too, before its
nudge: this cell's server might have taken it, and then there is no step left.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.banking import client
from local.banking.chaos.kill_points.changes import creation
from local.banking.chaos.kill_points.tasks import Request, Settlement
from local.banking.chaos.kill_points.trial import Trial
from local.banking.chaos.tenants import in_folder
from local.banking.client import Reply
from local.chaos.boundaries import COMMIT, Boundary, Statement, after, before
from local.chaos.kill_points import BrokenPromise, KillPoint, until
from local.chaos.processes import Task
from local.chaos.scheduled_run import ScheduledRun

SAGA = "functions/banking/onboarding/onboarding.sql"
STEPS = "functions/banking/onboarding/steps.sql"
DONE, UNDONE = Statement(SAGA, "note_done"), Statement(SAGA, "note_undone")
TAKE, BEGIN = Statement(SAGA, "take"), Statement(SAGA, "begin")
GIVE_UP = Statement(SAGA, "give_up_by_hand")
ACCESS = "functions/banking/broker/access.sql"
AFTER_PASSWORD = after(COMMIT, 1, Statement(ACCESS, "make_access"))
AFTER_REVOCATION = after(Statement(ACCESS, "revoke_access"))
KEY = Statement("functions/banking/consumer/keys.sql", "insert_key")
TOLD, REMOVED = Statement(STEPS, "tell_the_admin"), Statement(STEPS, "remove_consumer")
MARK = Statement("functions/banking/events/outbox.sql", "mark_published")
AT_ONCE = {"BROKER_ACCESS_WAIT_MS": "0"}


@dataclass(frozen=True)
class Onboarding:
    """A request dies; the schedule and the same request again make the bank, once."""

    with_user: bool = False
    """Whether a request before has come as far as the broker's user, which the broker has made."""

    def __call__(self, trial: Trial) -> None:
        """Check that there is one consumer with one key, that the admin is told, that the key works."""
        with _bank(trial) as name:
            if self.with_user:
                trial.cell.run(_onboard(trial, name), AT_ONCE, AFTER_PASSWORD)
                trial.cell.run(Settlement())
                trial.cell.query("end_onboarding_lease", name=name)
            trial.kill(_onboard(trial, name), AT_ONCE)
            _becomes_a_tenant(trial, name)


@dataclass(frozen=True)
class Undoing:
    """A bank of which all but the secrets is made is given up; the request or the schedule dies."""

    by_schedule: bool = True

    def __call__(self, trial: Trial) -> None:
        """Check that nothing is left and that the name can be onboarded again."""
        with _bank(trial) as name:
            trial.cell.run(_onboard(trial, name), AT_ONCE, AFTER_PASSWORD)
            _comes_to(trial, name, "ready")
            consumer_id = _read(trial, name)["consumer_id"]
            give_up = trial.admin("DELETE", "/consumer/onboard", {"consumer_id": consumer_id})
            if self.by_schedule:
                trial.cell.run(give_up, AT_ONCE, AFTER_REVOCATION)
                trial.cell.run(Settlement())
                trial.cell.query("end_onboarding_lease", name=name)
                trial.kill(ScheduledRun("onboard"), AT_ONCE)
            else:
                trial.kill(give_up, AT_ONCE)
                _run(trial, give_up)
            _comes_to(trial, name, "undone")
            trial.expect(not trial.cell.query("consumer", name=name), "the consumer is left")
            _becomes_a_tenant(trial, name)


@contextmanager
def _bank(trial: Trial) -> Iterator[str]:
    """A name; its user of the broker is removed afterwards."""
    name = f"bank_{uuid.uuid4().hex[:12]}"
    yield name
    body = {"consumer_id": trial.tenant.consumer_id}
    trial.send(trial.admin("DELETE", "/consumer/broker-access", body))
    trial.cell.run(Settlement())


def _onboard(trial: Trial, name: str) -> Request:
    return trial.admin("POST", "/consumer/onboard", {"consumer_name": name})


def _run(trial: Trial, task: Task) -> Reply:
    answer: Reply = trial.cell.run(task, AT_ONCE).answer
    return answer


def _read(trial: Trial, name: str) -> dict[str, object]:
    reply = trial.send(trial.admin("GET", "/consumer/onboard", {"consumer_name": name}), 200)
    return dict(reply.data)


def _comes_to(trial: Trial, name: str, state: str) -> None:
    try:
        until(f"it is {state}", lambda: _goes_on_to(trial, name, state))
    except BrokenPromise as late:
        raise BrokenPromise(f"{late}: {_read(trial, name)}") from late


def _goes_on_to(trial: Trial, name: str, state: str) -> bool:
    """Whether it is in this state; else the broker's user is settled and the schedule runs once."""
    if _read(trial, name)["state"] == state:
        return True
    trial.cell.run(Settlement())
    # The dead worker's lease, and the time of the next try, end now, not in a minute.
    trial.cell.query("end_onboarding_lease", name=name)
    trial.cell.run(ScheduledRun("onboard"), AT_ONCE)
    return False


def _becomes_a_tenant(trial: Trial, name: str) -> None:
    """The same request again makes the bank, or says that its secrets were given: then it rotates."""
    replies: list[Reply] = []

    def done() -> bool:
        trial.cell.query("end_onboarding_lease", name=name)
        trial.cell.run(Settlement())
        replies.append(_run(trial, _onboard(trial, name)))
        return replies[-1].status in {201, 409}

    until("it is onboarded", done)
    (row,) = trial.cell.query("consumer", name=name)
    (keys,) = trial.cell.query("active_keys", consumer_id=row["consumer_id"])
    trial.expect(keys["count"] == 1, f"{keys['count']} keys are active")
    told = trial.cell.query("consumer_created", name=name)
    trial.expect(len(told) == 1, f"{len(told)} events tell of the new consumer")
    key = replies[-1].data.get("api_key") or _rotated(trial, row["consumer_id"])
    trial.tenant = in_folder(client.Tenant(name, row["consumer_id"], key), trial.cell.folder)
    trial.make(creation(trial.tenant))
    trial.come_to_rest()


def _rotated(trial: Trial, consumer_id: str) -> str:
    body = {"consumer_id": consumer_id, "rotate": True}
    return str(trial.send(trial.admin("POST", "/consumer/api-key", body), 201).data["api_key"])


def _boundaries() -> dict[str, tuple[Boundary, Onboarding | Undoing]]:
    """Each boundary by name, with its scenario."""
    first, second = Onboarding(), Onboarding(with_user=True)
    undoing, giving_up = Undoing(), Undoing(by_schedule=False)
    return {
        "begun, before the commit": (before(COMMIT, 1, BEGIN), first),
        "begun, before the lease": (before(TAKE), first),
        "after the lease": (after(TAKE), first),
        "consumer made, before its note": (before(DONE), first),
        "consumer noted, before the commit": (before(COMMIT, 1, DONE), first),
        "after the consumer's commit": (after(COMMIT, 1, DONE), first),
        "queues declared, before their note": (before(DONE, 2), first),
        "queues noted": (after(DONE, 2), first),
        "password made, before the broker's user": (AFTER_PASSWORD, first),
        "broker's user made, before its note": (before(DONE), second),
        "broker's user noted": (after(DONE), second),
        "key issued, before the password": (after(KEY), second),
        "key and password, before the commit": (before(COMMIT, 1, TOLD), second),
        "after the secrets' commit, before the answer": (after(COMMIT, 1, TOLD), second),
        "admin told, before the mark": (before(MARK), second),
        "given up, before the commit": (before(COMMIT, 1, GIVE_UP), giving_up),
        "given up, after the commit": (after(COMMIT, 1, GIVE_UP), giving_up),
        "broker's user removed, before its note": (before(UNDONE), undoing),
        "broker's user's removal noted": (after(UNDONE), undoing),
        "queues removed, before their note": (before(UNDONE, 2), undoing),
        "queues' removal noted": (after(UNDONE, 2), undoing),
        "consumer removed, before the commit": (before(COMMIT, 1, REMOVED), undoing),
        "after the consumer's removal": (after(COMMIT, 1, REMOVED), undoing),
    }


POINTS = tuple(
    KillPoint(f"onboarding saga: {name}", boundary, scenario)
    for name, (boundary, scenario) in _boundaries().items()
)
