"""Dies in the dead-letter sweep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chalicelib.banking.events.topology import EXCHANGE, dead_letter_queue_name, queue_name
from local.banking.chaos.kill_points.changes import creation
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Method, Statement, after, before
from local.chaos.kill_points import KillPoint, until
from local.chaos.scheduled_run import ScheduledRun
from local.services.amqp import channel_on

KEEP = Statement("functions/banking/events/dead_letters.sql", "keep")
ACK = Method("pika.adapters.blocking_connection:BlockingChannel.basic_ack")
AT_ONCE = {"DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}
REJECTED = 3
MORE_THAN_A_BATCH = 205


@dataclass(frozen=True)
class Sweep:
    """The bank rejects its messages. With `rubbish` the dead letters exceed one batch."""

    rubbish: int = 0

    def __call__(self, trial: Trial) -> None:
        """Check that each dead letter is kept once and its event published; then redeliver."""
        make_dead_letters(trial, rubbish=self.rubbish)
        trial.kill(ScheduledRun("sweep_dead_letters"))
        _complete(trial)
        trial.cell.run(ScheduledRun("sweep_dead_letters"))
        trial.expect(_dead_letters(trial) == 0, f"{_dead_letters(trial)} dead letters are left")
        kept = _kept(trial)
        trial.expect(
            kept.total() == REJECTED + self.rubbish, f"{kept.total()} dead letters were kept"
        )
        self._each_once(trial, kept)
        body = {"period_in_days": 1, "include_failed": True}
        trial.cell.query("observe_empty_queue", consumer_id=trial.tenant.consumer_id)
        again = Request("POST", "/events/redeliver", trial.tenant.key, body)
        trial.expect(trial.cell.run(again, AT_ONCE).answer.status == 200, "not redelivered")
        trial.come_to_rest()

    def _each_once(self, trial: Trial, kept: Counter[str | None]) -> None:
        for event in trial.events():
            said = f"event {event.event_id} has {kept[event.event_id]} dead letters"
            trial.expect(kept[event.event_id] == 1, said)
            said = f"event {event.event_id} is {event.deliver_status}: {event.deliver_reason}"
            trial.expect(event.deliver_reason == "dead-lettered: rejected", said)


def _complete(trial: Trial) -> None:
    """An event is failed exactly if its dead letter is kept: the sweep leaves all or nothing."""
    kept = _kept(trial)
    for event in trial.events():
        same = (event.deliver_status == "failed") == (kept[event.event_id] == 1)
        said = f"event {event.event_id} is {event.deliver_status}, dead letters: {kept[event.event_id]}"
        trial.expect(same, said)


def make_dead_letters(trial: Trial, rejected: int = REJECTED, rubbish: int = 0) -> None:
    """Leave dead letters for the sweep: rejected messages, and others that belong to no event."""
    for _ in range(rejected):
        trial.make(creation(trial.tenant))
    _reject(trial, rejected, rubbish)
    until("the messages are dead letters", lambda: _dead_letters(trial) == rejected + rubbish)


def _reject(trial: Trial, rejected: int, rubbish: int) -> None:
    """Reject every message of the tenant's queue, then add dead letters that belong to no event."""
    url = trial.cell.urls.rabbitmq_url
    with channel_on(url) as channel:
        taken = channel.consume(queue_name(trial.tenant.name))
        for method, _properties, _body in (next(taken) for _ in range(rejected)):
            channel.basic_reject(method.delivery_tag or 0, requeue=False)
        channel.cancel()
        key = f"customer.dlq.{trial.tenant.name}"
        for number in range(rubbish):
            channel.basic_publish(EXCHANGE, key, b"rubbish %d" % number, mandatory=True)


def _dead_letters(trial: Trial) -> int:
    """The number of dead letters that wait for the sweep."""
    url = trial.cell.urls.rabbitmq_url
    with channel_on(url) as channel:
        name = dead_letter_queue_name(trial.tenant.name)
        return int(channel.queue_declare(name, passive=True).method.message_count)


def _kept(trial: Trial) -> Counter[str | None]:
    """The number of kept dead letters per event. None stands for those that belong to no event."""
    rows = trial.cell.query("kept_dead_letters", consumer_id=trial.tenant.consumer_id)
    return Counter({row["event_id"]: row["dead_letters"] for row in rows})


POINTS = (
    KillPoint("dead letters: after one is read, before it is kept", before(KEEP), Sweep()),
    KillPoint("dead letters: in the middle of a batch", after(KEEP, 2), Sweep()),
    KillPoint("dead letters: before the commit", before(COMMIT), Sweep()),
    KillPoint("dead letters: after the commit, before the acknowledgement", before(ACK), Sweep()),
    KillPoint("dead letters: after the acknowledgement", after(ACK), Sweep()),
    KillPoint(
        "dead letters: in the middle of a queue, between two batches",
        after(COMMIT),
        Sweep(MORE_THAN_A_BATCH),
    ),
    KillPoint(
        "dead letters: in the second batch of a queue",
        before(COMMIT, 2),
        Sweep(MORE_THAN_A_BATCH),
    ),
)
