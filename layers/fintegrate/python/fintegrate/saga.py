"""A saga: steps that are written down, resumed after a crash, and undone if one fails for good.

A saga is a row. Its steps are data: a name, what is done, what undoes it. Each may run again, because a
process may die after a step and before its note. A lease keeps a second worker away. After a crash the
next one begins, when the lease has run out, at the first step that is not written down.

A step that cannot be done now (`NotNow`) is tried again, later each time. When its tries are spent, or
when it has `FailedForGood`, the saga is undone, from that step backwards, until nothing of it is left.

An attended step makes something for its caller alone, such as a secret. Nothing of that is written down.
A saga that has come so far without a caller waits for one: it is `ready`.

Leaves the table and its statements to the system: `take`, `hold`, `note_done`, `note_undone`, `give_up`,
`wait`, `rest`, `release`. Source: https://www.cs.cornell.edu/andru/cs711/2002fa/reading/sagas.pdf
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from fintegrate.database import ConnectionLost, Database, Row
from fintegrate.errors import ApiError, Unavailable

RUNNING, READY, UNDOING, DONE, UNDONE = "running", "ready", "undoing", "done", "undone"
LEASE_SECONDS = 60.0
"""More than any step may take with its notes."""
FIRST_WAIT_SECONDS = 50.0
"""The next run of a schedule that runs each minute."""
LONGEST_WAIT_SECONDS = 900.0
MOST_TRIES = 100
"""Of one step, without a caller: with these waits they are spent after a day."""
CRASHED = "a defect: {}; the log has it"
SPENT = "{} tries in vain, the last one: {}"

log = logging.getLogger(__name__)


class NotNow(Exception):
    """A step cannot be done now, and may be later. The text says why and holds no secret."""


class FailedForGood(Exception):
    """A step will never be done. The text says why and holds no secret."""


class Step(NamedTuple):
    """One step. `do` and `undo` get the saga's row, and both may be repeated.

    Attributes:
        undo: undoes it, also if it was done by half or never.
        inside: whether it only writes to the saga's database: then it commits together with its note.
        attended: whether a caller must wait for what `do` returns.
    """

    name: str
    do: Callable[[Row], Any]
    undo: Callable[[Row], object] | None = None
    inside: bool = False
    attended: bool = False


class Ran(NamedTuple):
    """The saga's row after a run, and what its attended step has made for the caller."""

    row: Row
    made: Any = None


class _LeaseLost(Exception):
    """Another worker has the saga."""


def next_step(steps: Sequence[Step], done: Mapping[str, object]) -> Step | None:
    """The first step that is not written down as done."""
    return next((step for step in steps if step.name not in done), None)


def next_undo(
    steps: Sequence[Step], done: Mapping[str, object], undone: Mapping[str, object]
) -> Step | None:
    """The last step that may have left something and is not undone: also the one that has failed."""
    open_step = next_step(steps, done)
    begun = [step for step in steps if step.name in done or step is open_step]
    left = (step for step in reversed(begun) if step.undo and step.name not in undone)
    return next(left, None)


def state_after(steps: Sequence[Step], done: Mapping[str, object], *, attended: bool) -> str:
    """The state of a saga that has done these steps."""
    step = next_step(steps, done)
    if step is None:
        return DONE
    return READY if step.attended and not attended else RUNNING


def wait_after(tries: int) -> float:
    """The seconds until the next try, after so many in vain."""
    doublings = min(max(tries - 1, 0), 16)
    return float(min(FIRST_WAIT_SECONDS * 2.0**doublings, LONGEST_WAIT_SECONDS))


class Saga:
    """The sagas of one table.

    Args:
        database: in no transaction when a saga runs.
        statements: those that the module names, by name.
        key: the column that names a saga.
        steps_of: the steps of a saga, in order, from its row.
    """

    def __init__(
        self,
        database: Database,
        statements: Mapping[str, str],
        key: str,
        steps_of: Callable[[Row], Sequence[Step]],
        most_tries: int = MOST_TRIES,
    ) -> None:
        self._db = database
        self._sql = statements
        self._key = key
        self._steps_of = steps_of
        self._most_tries = most_tries

    def run(self, saga_id: str | None = None, *, attended: bool = False) -> Ran | None:
        """Go on with this saga, or with the oldest one that is due, until it ends or has to wait.

        An attended run does not wait for the time of the next try. None: no saga may go on, or another
        worker has it.

        Raises:
            ApiError: an attended step refused; the saga stays as it was. Or the database is away.
        """
        worker = {"worker_id": str(uuid.uuid4()), "lease_seconds": LEASE_SECONDS}
        wanted = {**worker, self._key: saga_id, "attended": attended}
        row = self._db.fetch_one(self._sql["take"], wanted)
        if row is None:
            return None
        identity = {**worker, self._key: row[self._key]}
        run = _Run(
            self._db, self._sql, identity, row, attended=attended, most_tries=self._most_tries
        )
        return run.go(self._steps_of(row))

    def run_due(self, seconds: float) -> dict[str, int]:
        """Go on with all that are due, for `seconds` and one more; returns how many, by their state."""
        counts = dict.fromkeys((RUNNING, READY, UNDOING, DONE, UNDONE), 0)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (ran := self.run()) is not None:
            counts[ran.row["state"]] += 1
        return counts


class _Run:
    """One worker's work on one saga that it has leased."""

    def __init__(
        self,
        database: Database,
        statements: Mapping[str, str],
        identity: Mapping[str, Any],
        row: Row,
        *,
        attended: bool,
        most_tries: int,
    ) -> None:
        self._db = database
        self._sql = statements
        self._identity = identity
        self._row = row
        self._attended = attended
        self._most_tries = most_tries
        self._made: Any = None

    def go(self, steps: Sequence[Step]) -> Ran:
        try:
            while self._advance(steps):
                pass
        except _LeaseLost:
            log.warning("the lease of a saga has run out: another worker has it")
        except ApiError:
            with suppress(Unavailable):
                self._db.execute(self._sql["release"], self._identity)
            raise
        return Ran(self._row, self._made)

    def _advance(self, steps: Sequence[Step]) -> bool:
        """Do or undo one step; returns whether to go on."""
        if self._row["state"] == UNDOING:
            step = next_undo(steps, self._row["done"], self._row["undone"])
            return self._tried(step, lambda: self._undo(steps, step))
        step = next_step(steps, self._row["done"])
        state = state_after(steps, self._row["done"], attended=self._attended)
        if step is None or state != RUNNING:
            self._note("rest", state=state)
            return False
        return self._tried(step, lambda: self._do(steps, step))

    def _tried(self, step: Step | None, act: Callable[[], None]) -> bool:
        try:
            act()
        except FailedForGood as error:
            return self._failed(step, str(error))
        except NotNow as error:
            return self._put_off(step, str(error))
        except (ConnectionLost, _LeaseLost):
            raise
        except ApiError as error:
            if step is not None and step.attended:
                raise
            return self._put_off(step, error.description)
        except Exception as error:  # it must not be tried for ever, each minute
            log.exception("step %s", step and step.name)
            return self._put_off(step, CRASHED.format(type(error).__name__))
        return self._row["state"] in {RUNNING, UNDOING}

    def _do(self, steps: Sequence[Step], step: Step) -> None:
        with self._held(step):
            made = step.do(self._row)
            done = {**self._row["done"], step.name: ""}
            state = state_after(steps, done, attended=self._attended)
            row = self._noted("note_done", step=step.name, state=state)
        self._row = row
        if step.attended:
            self._made = made

    def _undo(self, steps: Sequence[Step], step: Step | None) -> None:
        if step is None:
            self._note("rest", state=UNDONE)
            return
        assert step.undo is not None
        with self._held(step):
            step.undo(self._row)
            undone = {**self._row["undone"], step.name: ""}
            left = next_undo(steps, self._row["done"], undone)
            row = self._noted("note_undone", step=step.name, state=UNDOING if left else UNDONE)
        self._row = row

    def _failed(self, step: Step | None, reason: str) -> bool:
        if self._row["state"] == UNDOING:
            return self._put_off(step, reason)
        self._note("give_up", step=step and step.name, reason=reason)
        return True

    def _put_off(self, step: Step | None, reason: str) -> bool:
        """Leave it to a later run. A caller may ask as often as he likes: his tries do not count."""
        tries = self._row["tries"] + (not self._attended)
        if tries >= self._most_tries and self._row["state"] != UNDOING:
            return self._failed(step, SPENT.format(tries, reason))
        self._note("wait", tries=tries, seconds=wait_after(tries), waits_for=reason)
        return False

    @contextmanager
    def _held(self, step: Step) -> Iterator[None]:
        """The lease begins anew; for a step inside, the row's lock lasts until its note is committed."""
        if step.inside:
            with self._db.transaction():
                self._noted("hold")
                yield
        else:
            self._noted("hold")
            yield

    def _note(self, statement: str, **values: object) -> None:
        self._row = self._noted(statement, **values)

    def _noted(self, statement: str, **values: object) -> Row:
        row = self._db.fetch_one(self._sql[statement], {**self._identity, **values})
        if row is None:
            raise _LeaseLost
        return row
