"""Dies while an admin has a bank called, replaces its secret, or tries it with a test event.

The admin gets no answer, looks, and goes on: a secret that was made and never read is replaced.
"""

from __future__ import annotations

from local.banking.chaos.answers import Answer
from local.banking.chaos.kill_points.changes import NO_BROKER, creation
from local.banking.chaos.kill_points.points.calling import CALL, SEND, outage
from local.banking.chaos.kill_points.points.calling_again import rewound
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Statement, after, before
from local.chaos.kill_points import KillPoint

CHOOSING = "functions/banking/webhooks/choosing.sql"
BEGIN, ROTATE = Statement(CHOOSING, "begin"), Statement(CHOOSING, "rotate")
JOB = Statement("functions/banking/events/rewind.sql", "begin")
BOOK = "functions/banking/webhooks/book.sql"
TAKE_TEST, ANSWER_TEST = Statement(BOOK, "take_test"), Statement(BOOK, "answer_test")


def changing(trial: Trial) -> None:
    """Events wait for the queue. The request that has the bank called dies, and is made good."""
    outage(trial)
    body = {**trial.webhook(), "rewind": True}
    trial.kill(trial.admin("POST", "/consumer/delivery", body), NO_BROKER)
    read = trial.send(trial.admin("GET", "/consumer/delivery", _whose(trial)), 200).data
    if read["delivery"] == "queue":
        trial.be_called(rewind=True)
    else:
        trial.is_called(_rotated(trial))
    rewound(trial)
    trial.come_to_rest_by_calls()


def rotating(trial: Trial) -> None:
    """The bank has the old secret until the admin rotates again; then only the newest."""
    bank = trial.be_called()
    outage(trial)
    trial.kill(_rotation(trial), NO_BROKER)
    trial.come_to_rest_by_calls()
    bank.secrets = [_rotated(trial)]
    trial.answers.append(_created(trial))
    trial.come_to_rest_by_calls()


def trying(trial: Trial) -> None:
    """The process that calls with the test event dies. The admin asks again."""
    bank = trial.be_called()
    outage(trial)
    asked = trial.admin("POST", "/consumer/delivery/test", _whose(trial))
    trial.cell.run(asked, NO_BROKER)
    trial.kill(CALL)
    trial.cell.run(asked, NO_BROKER)
    trial.cell.run(CALL)
    (told,) = trial.cell.query("newest_test", consumer_id=trial.tenant.consumer_id)
    trial.expect(told["outcome"] == "delivered", f"the test event: {told}")
    trial.expect(bank.tests >= 1, "no test event came")
    trial.come_to_rest_by_calls()


def _created(trial: Trial) -> Answer:
    change = creation(trial.tenant)
    reply = trial.cell.run(change.request, NO_BROKER).answer
    return change.answered(reply.status, reply.data)


def _rotated(trial: Trial) -> str:
    return str(trial.send(_rotation(trial), 200).data["secret"])


def _rotation(trial: Trial) -> Request:
    return trial.admin("POST", "/consumer/delivery/rotate", _whose(trial))


def _whose(trial: Trial) -> dict[str, str]:
    return {"consumer_id": trial.tenant.consumer_id}


POINTS = (
    KillPoint("webhook chosen: before its row", before(BEGIN), changing, 1),
    KillPoint("webhook chosen: before the rewind's job", before(JOB), changing, 1),
    KillPoint("webhook chosen: before the commit", before(COMMIT, 1, BEGIN), changing, 1),
    KillPoint("webhook chosen: after the commit", after(COMMIT, 1, BEGIN), changing, 1),
    KillPoint("webhook's secret: before the commit", before(COMMIT, 1, ROTATE), rotating, 1),
    KillPoint(
        "webhook's secret: after the commit, before the answer",
        after(COMMIT, 1, ROTATE),
        rotating,
        1,
    ),
    KillPoint("test event: after it is taken", after(TAKE_TEST), trying, 1),
    KillPoint("test event: before the request", before(SEND), trying, 1),
    KillPoint("test event: after the answer", before(ANSWER_TEST), trying, 1),
    KillPoint("test event: after its answer is noted", after(ANSWER_TEST), trying, 1),
)
