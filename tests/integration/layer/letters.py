"""Letters: a table that no system has, and a post office in memory that sends its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fintegrate.database import Row
from fintegrate.outbox.table import OutboxTable
from fintegrate.outcome import CONFIRMED, Outcome, Result
from fintegrate.queries import load_queries
from tests.support.fixtures import Query

HERE = Path(__file__).parent
TABLE = (HERE / "letters.sql").read_text(encoding="utf-8")
NEW = load_queries(HERE / "new_letters.sql")
BY_LOCK = load_queries(HERE / "letters_by_lock.sql")
BY_LEASE = load_queries(HERE / "letters_by_lease.sql")

LETTERS = OutboxTable(
    id="letter_id",
    key="lane",
    position="position",
    order=(("letter_id", 0),),
    held_back="waits for an earlier letter of its lane",
)
LISTED = {"letter": "letter_id", "tries": "tries"}
FILTERS = {"max_tries": 10}
AWAY = Outcome(Result.UNCONFIRMED, "no answer")
CLOSED = Outcome(Result.UNSENT, "closed today")
REFUSED = Outcome(Result.REFUSED, "bad address")
FULL = Outcome(Result.NACKED, "no room")
BEHIND = Outcome(Result.HELD_BACK, "behind a letter that failed")

Letter = tuple[str, int]


def delivered(_row: Row) -> Outcome:
    """What a post office answers on a good day."""
    return CONFIRMED


def lanes_fail(lanes: Iterable[str], outcome: Outcome) -> Callable[[Row], Outcome]:
    """An answer for every letter: some lanes fail, the others work."""
    failing = set(lanes)
    return lambda row: outcome if row["lane"] in failing else CONFIRMED


class PostOffice:
    """Sends letters in order per lane, and remembers which arrived and how they came."""

    def __init__(
        self,
        answer: Callable[[Row], Outcome] = delivered,
        outages: frozenset[Result] = frozenset(),
        before: Callable[[], object] = lambda: None,
    ) -> None:
        self.outages = outages
        self._answer = answer
        self._before = before
        self.arrived: list[Letter] = []
        self.batches: list[list[Letter]] = []

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Send them; behind a letter that fails the rest of its lane stays here."""
        assert seconds > 0
        self._before()
        self.batches.append([letter(row) for row in rows])
        failed: set[str] = set()
        return [self._send(row, failed) for row in rows]

    def _send(self, row: Row, failed: set[str]) -> Outcome:
        if row["lane"] in failed:
            return BEHIND
        outcome = self._answer(row)
        if outcome.result is Result.CONFIRMED:
            self.arrived.append(letter(row))
        else:
            failed.add(row["lane"])
        return outcome


def letter(row: Row) -> Letter:
    """How these tests name a letter."""
    return row["lane"], row["position"]


def write(query: Query, lanes: Iterable[str], each: int = 1) -> None:
    """Write letters, lane by lane at each position, as they would come."""
    values = [(lane, position) for position in range(1, each + 1) for lane in lanes]
    query(
        "INSERT INTO letters (lane, position, text)"
        " SELECT lane, position, 'Dear ' || lane"
        " FROM unnest(%(lanes)s, %(positions)s) AS new (lane, position)",
        lanes=[lane for lane, _ in values],
        positions=[position for _, position in values],
    )


def waiting(query: Query) -> list[Letter]:
    """The letters that are still to be sent, in their order."""
    rows = query("SELECT * FROM letters WHERE status = 'waiting' ORDER BY letter_id")
    return [letter(row) for row in rows]
