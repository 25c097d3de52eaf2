"""Dies in POST /dead-letters/requeue: the operator gets no answer and asks again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.banking.events.topology import queue_name
from local.banking.chaos.kill_points.points.dead_lettering import AT_ONCE, make_dead_letters
from local.banking.chaos.kill_points.tasks import Request
from local.banking.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Method, Statement, after, before
from local.chaos.kill_points import KillPoint
from local.chaos.scheduled_run import ScheduledRun
from local.services.amqp import channel_on

REDELIVER_CLAIM = Statement("functions/banking/events/redeliver.sql", "claim")
RESOLVE_SENT = Statement("functions/banking/dead_letters/requeue.sql", "resolve_sent")
CLAIM = Statement("functions/banking/dead_letters/requeue.sql", "claim")
RESOLVE = Statement("functions/banking/dead_letters/requeue.sql", "resolve")
PUBLISH = Method("fintegrate.messaging.publisher:Publisher.publish")
RUBBISH = 3


def requeue_matched(trial: Trial) -> None:
    """The events of the letters come again, and each letter is resolved."""
    make_dead_letters(trial)
    trial.cell.run(ScheduledRun("sweep_dead_letters"))
    trial.cell.query("observe_empty_queue", consumer_id=trial.tenant.consumer_id)
    request = _requeue(trial, trial.tenant.key, {"matched": True})
    trial.kill(request, AT_ONCE)
    _ask_again(trial, request)
    trial.come_to_rest()


@dataclass(frozen=True)
class RequeueUnmatched:
    """Letters that match no event go back into their queue. `again` says how often one may, at most."""

    again: int = 0

    def __call__(self, trial: Trial) -> None:
        """Each is in the queue, and is resolved."""
        make_dead_letters(trial, rejected=0, rubbish=RUBBISH)
        trial.cell.run(ScheduledRun("sweep_dead_letters"))
        request = _requeue(trial, trial.cell.admin_key, {"consumer_id": trial.tenant.consumer_id})
        trial.kill(request)
        _ask_again(trial, request)
        found = _drained(trial)
        trial.expect(len(found) == RUBBISH, f"the queue has {sorted(found)}")
        trial.expect(max(found.values()) <= 1 + self.again, f"copies in the queue: {found}")


def _requeue(trial: Trial, key: str, chosen: Mapping[str, Any]) -> Request:
    body = {**chosen, "reason": f"a kill point of {trial.tenant.name}"}
    return Request("POST", "/dead-letters/requeue", key, body)


def _ask_again(trial: Trial, request: Request) -> None:
    status = trial.cell.run(request, AT_ONCE).answer.status
    trial.expect(status == 200, f"the second request was answered {status}")
    (left,) = trial.cell.query("open_dead_letters", consumer_id=trial.tenant.consumer_id)
    trial.expect(left["count"] == 0, f"{left['count']} letters are open")


def _drained(trial: Trial) -> Counter[bytes]:
    """What is in the tenant's queue, taken out of it."""
    found: Counter[bytes] = Counter()
    with channel_on(trial.cell.urls.rabbitmq_url) as channel:
        for method, _properties, body in channel.consume(
            queue_name(trial.tenant.name), inactivity_timeout=0.5
        ):
            if method is None:
                break
            found[body or b""] += 1
            channel.basic_ack(method.delivery_tag or 0)
        channel.cancel()
    return found


POINTS = (
    KillPoint("requeue: after its events are claimed", after(REDELIVER_CLAIM), requeue_matched),
    KillPoint(
        "requeue: after its events are published",
        after(PUBLISH, 1, since=REDELIVER_CLAIM),
        requeue_matched,
        repeats=1,
    ),
    KillPoint(
        "requeue: after its letters are resolved, before the commit",
        after(RESOLVE_SENT),
        requeue_matched,
        repeats=1,
    ),
    KillPoint(
        "requeue: after the commit of its events, before the answer",
        after(COMMIT, 1, since=RESOLVE_SENT),
        requeue_matched,
    ),
    KillPoint("requeue: after letters are claimed", after(CLAIM), RequeueUnmatched()),
    KillPoint("requeue: after letters are published", before(RESOLVE), RequeueUnmatched(again=1)),
    KillPoint(
        "requeue: before the commit of letters",
        before(COMMIT, 1, since=RESOLVE),
        RequeueUnmatched(again=1),
    ),
    KillPoint(
        "requeue: after the commit of letters, before the answer",
        after(COMMIT, 1, since=RESOLVE),
        RequeueUnmatched(),
    ),
)
