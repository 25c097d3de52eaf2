"""Dies while a bank is called: between its claim and its commit, and around what sends events again.

The changes are made without the broker, so that no nudge has them called before. The bank's server lives
on, and notes what it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.banking.chaos.kill_points.changes import NO_BROKER, Outage
from local.banking.chaos.kill_points.trial import Trial
from local.banking.chaos.receiver import SILENT, WELL, Conduct, Conducting
from local.banking.consumer.messages import Event
from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint
from local.chaos.scheduled_run import ScheduledRun

BOOK = "functions/banking/webhooks/book.sql"
SEND = Method("chalicelib.banking.webhooks.sending:Sender.send")
CUSTOMERS = 3
CALL = ScheduledRun("deliver_webhooks")


def well(_event: Event, _times: int) -> Conduct:
    return WELL


def silently(_event: Event, times: int) -> Conduct:
    """Say nothing at first, so that the event comes again as a copy."""
    return WELL if times else SILENT


def refusing(_event: Event, times: int) -> Conduct:
    """Refuse each event once."""
    return WELL if times else Conduct(status=422, works=False)


def failing(_event: Event, _times: int) -> Conduct:
    return Conduct(says="failed")


@dataclass(frozen=True)
class Calls:
    """Events wait for a bank that is called. The process that calls it dies, and another follows.

    Attributes:
        copies: whether it dies when it calls with copies of what was taken before
    """

    conduct: Conducting = well
    copies: bool = False

    def __call__(self, trial: Trial) -> None:
        """Check that the bank settles everything; the ledger checks the order, and what came twice."""
        bank = trial.be_called()
        bank.conduct = self.conduct
        outage(trial)
        if self.copies:
            trial.cell.run(CALL)
            trial.cell.query("end_webhook_leases", consumer_id=trial.tenant.consumer_id)
        trial.kill(CALL)
        trial.come_to_rest_by_calls()


def outage(trial: Trial) -> None:
    """Create and change customers without a nudge, so that their events wait."""
    trial.answers += trial.cell.run(Outage(trial.tenant, CUSTOMERS), NO_BROKER).answer


def statement(name: str) -> Statement:
    return Statement(BOOK, name)


def _boundaries() -> dict[str, tuple[Boundary, int]]:
    """Each boundary by name, and how often it may repeat one event."""
    write_back = statement("lock_lanes")
    return {
        "after the turn, before the claim": (after(statement("take_turn")), 0),
        "after the claim, before its commit": (after(statement("claim")), 0),
        "after the claim's commit": (after(COMMIT, 1, statement("claim")), 0),
        "before the first request": (before(SEND), 1),
        "after the request, before its answer is read": (
            after(Method("fintegrate.outgoing.connection:_Exchange._send")),
            1,
        ),
        "after the answer, before its write-back": (after(SEND), 1),
        "before the write-back": (before(write_back), 1),
        "after the confirmation, before the turn's end": (after(statement("confirm")), 1),
        "after the turn's end": (after(statement("end_turns")), 1),
        "after the end of its copies": (after(statement("end_copies")), 1),
        "before the commit": (before(COMMIT, 1, write_back), 1),
        "after the commit": (after(COMMIT, 1, write_back), 1),
        "before the second write-back": (before(write_back, 2), 1),
    }


def _points() -> list[KillPoint]:
    points = []
    for name, (boundary, repeats) in _boundaries().items():
        points.append(KillPoint(f"webhook: {name}", boundary, Calls(), repeats))
    return points


POINTS = (
    *_points(),
    KillPoint(
        "webhook: a refusal, after it is noted",
        after(statement("mark_untaken")),
        Calls(refusing),
        1,
    ),
    KillPoint(
        "webhook: taken in silence, after its copy is planned",
        after(statement("plan_copies")),
        Calls(silently),
        1,
    ),
    KillPoint(
        "webhook: failed by the bank, after the confirmation",
        after(statement("confirm_failed")),
        Calls(failing),
        1,
    ),
    KillPoint("webhook: a copy, before the request", before(SEND), Calls(silently, copies=True), 1),
    KillPoint(
        "webhook: a copy, after it is counted",
        after(statement("mark_sent_again")),
        Calls(silently, copies=True),
        1,
    ),
    KillPoint(
        "webhook: a copy, before the commit",
        before(COMMIT, 1, statement("mark_sent_again")),
        Calls(silently, copies=True),
        1,
    ),
)
