"""Dies in a delivery: claimed, sent, answered, marked; while a batch is halved; as a lane's probe."""

from __future__ import annotations

from dataclasses import dataclass

from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint
from local.chaos.processes import Task
from local.chaos.scheduled_run import ScheduledRun
from local.relay.chaos.kill_points.tasks import NudgedRun
from local.relay.chaos.kill_points.trial import Trial

EVENTS = 6
BOOK = "functions/relay/delivery/book.sql"
CLAIM, RENEW, WRITE_BACK, LANES = (
    Statement(BOOK, name) for name in ("claim", "renew", "write_back", "note_lanes")
)
EXCHANGE = "fintegrate.outgoing.connection:_Exchange"
SENT, READ = Method(f"{EXCHANGE}._send"), Method(f"{EXCHANGE}._read_head")
ANSWERED = Method("fintegrate.outgoing.client:Pool.send")
OPENED = Method("chalicelib.relay.delivery.sending:Sender.destination_of")
SCHEDULED = ScheduledRun("relay_deliver")


@dataclass(frozen=True)
class Deliver:
    """Events of a storefront with these destinations, whose delivery dies."""

    platforms: tuple[str, ...] = ("webhook", "meta")
    run: Task = SCHEDULED

    def __call__(self, trial: Trial) -> None:
        """Everything arrives afterwards, nothing more often than the point says."""
        trial.open_shop(*self.platforms)
        trial.send(trial.items(EVENTS))
        trial.kill(self.run)
        trial.come_to_rest()
        ends = {each.status for each in trial.evidence().deliveries}
        trial.expect(ends == {"delivered"}, f"the deliveries are {ends}")


def halving(trial: Trial) -> None:
    """One event is refused, and the answer does not say which: dies before that is known."""
    trial.open_shop("meta")
    trial.behave("meta", "refuse_event", event=3, requests=1)
    trial.send(trial.items(EVENTS))
    trial.kill(SCHEDULED)
    trial.come_to_rest()
    ends = sorted(each.status for each in trial.evidence().deliveries)
    trial.expect(ends == ["delivered"] * (EVENTS - 1) + ["failed"], f"the deliveries are {ends}")


def probing(trial: Trial) -> None:
    """A lane that failed has one event tried, and that try dies."""
    trial.open_shop("webhook")
    trial.send(trial.items(EVENTS))
    trial.query("make_failing", lanes=[each.lane_id for each in trial.destinations])
    trial.kill(SCHEDULED)
    trial.come_to_rest()


def unread(trial: Trial) -> None:
    """The receivers take everything and drop the connection; dies with that answer in hand."""
    trial.open_shop("webhook")
    trial.behave("webhook", "drop_after", requests=EVENTS)
    trial.send(trial.items(EVENTS))
    trial.kill(SCHEDULED)
    trial.come_to_rest()


def _points(
    name: str, scenario: object, boundaries: dict[str, tuple[Boundary, int]]
) -> list[KillPoint]:
    assert callable(scenario)
    return [
        KillPoint(f"{name}: {moment}", boundary, scenario, repeats)
        for moment, (boundary, repeats) in boundaries.items()
    ]


POINTS = (
    *_points(
        "deliver",
        Deliver(),
        {
            "before the claim": (before(CLAIM), 0),
            "after the claim": (after(CLAIM), 0),
            "after the secrets are opened": (after(OPENED), 1),
            "before a byte is sent": (before(SENT), 1),
            "after all bytes are sent": (after(SENT), 1),
            "after the answer is read": (after(READ), 1),
            "after the answer is understood": (after(ANSWERED), 1),
            "before the mark": (before(WRITE_BACK), 1),
            "after the mark, before the lane's": (before(LANES), 1),
            "after both marks, before the commit": (before(COMMIT, since=WRITE_BACK), 1),
            "after the commit": (after(COMMIT, since=WRITE_BACK), 1),
        },
    ),
    *_points(
        "deliver in one request",
        Deliver(("meta",)),
        {
            "after the claim": (after(CLAIM), 0),
            "before a byte is sent": (before(SENT), 0),
            "after all bytes are sent": (after(SENT), 1),
            "after the answer is understood": (after(ANSWERED), 1),
            "before the mark": (before(WRITE_BACK), 1),
            "after the commit": (after(COMMIT, since=WRITE_BACK), 0),
        },
    ),
    *_points(
        "deliver on a nudge",
        Deliver(run=NudgedRun()),
        {
            "after the claim": (after(CLAIM), 0),
            "after all bytes are sent": (after(SENT), 1),
        },
    ),
    *_points(
        "deliver to all platforms",
        Deliver(("sgtm", "meta", "ga4", "tiktok", "pinterest", "snapchat", "webhook")),
        {"after the tenth request": (after(SENT, 10), 1)},
    ),
    *_points(
        "halving",
        halving,
        {
            "after the refusal, before a half": (before(RENEW), 0),
            "after a half's lease is renewed": (after(RENEW), 0),
            "after a half is sent": (after(SENT, 2), 1),
            "after a half is marked": (after(COMMIT, since=WRITE_BACK), 1),
            "in the second halving": (before(RENEW, 2), 1),
        },
    ),
    *_points(
        "probe",
        probing,
        {"after the claim": (after(CLAIM), 0), "after all bytes are sent": (after(SENT), 1)},
    ),
    *_points(
        "dropped after reading",
        unread,
        {"before that is written down": (before(WRITE_BACK), 2)},
    ),
)
