"""Order and no loss in every order of statements, commits and messages of a few actors (scenes).

`make nights` explores each scene to its end, `make test` the shortest schedules. Planted mistakes show
that the exploration sees, the deepest of them in `make nights`; `-rP` prints the schedule that led to
each. Not seen are kills, crashes of a server with lost marks, and whether all comes to rest without the
next sweep.

To add a scene:

1. Write in `scenes` what each new actor does: a function that calls the product's own code with
   `banking.database` or `banking.parts`. Every statement and commit in it is a step by itself.
2. Say in a `Scene` what is `given` (`published`, `pending` or `failed` events), who acts and what may
   become of messages. Three actors of some length are the limit: look at the number of states, each
   actor multiplies it.
3. If a statement reads a table or column that `stepped_banking._ROWS` leaves out, add it there and let
   `begin` reset it: whatever decides how a run goes on belongs to the state. A time that must pass, as
   a hand-off does, is a move of the world. What the code keeps in memory from run to run is reset too.
4. If the promises allow more (an event that is said to be late), say so in `SteppedBanking.check`.
5. Plant the mistake that the new rule forbids in `mistakes`. If no schedule shows it, an actor is
   missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from chalicelib.banking import wiring
from chalicelib.banking.events import rewind_worker
from fintegrate.outbox import outbox
from fintegrate.outbox.sweep import Sweep
from tests.integration.banking.events.stepping.exploration import (
    Exploration,
    Explored,
    Violation,
)
from tests.integration.banking.events.stepping.mistakes import MISTAKES, Mistake
from tests.integration.banking.events.stepping.scenes import (
    HANDLERS,
    REWIND,
    REWIND_OF_PENDING,
    SKIP,
    SWEEPS,
    TAKEN_UP,
)
from tests.integration.banking.events.stepping.stepped_banking import Scene, SteppedBanking
from tests.integration.banking.events.stepping.stepped_parts import SteppedExclusive
from tests.support.fixtures import Query

Explore = Callable[..., Explored]
DEEP = {
    "rewind leaves the pending",
    "rewind waits for transactions only",
    "failed is taken up without the lock",
    "failed is taken up without a second look",
}
"""The mistakes that show after hundreds of schedules."""


@pytest.fixture
def explore(
    environment: dict[str, str], query: Query, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Explore]:
    """Explore a scene to its end, once in a test."""
    with ExitStack() as afterwards:

        def run(
            scene: Scene, *, late_is_excused: bool = True, most_runs: float = float("inf")
        ) -> Explored:
            banking = SteppedBanking(scene, environment, query, late_is_excused=late_is_excused)
            afterwards.callback(wiring.use, None)
            afterwards.callback(banking.parts.close)
            wiring.use(banking.parts)
            monkeypatch.setattr(outbox, "time", banking.clock)
            broker = SteppedExclusive(banking.publisher, banking.let_moment_pass)
            monkeypatch.setattr(rewind_worker, "ExclusiveConnection", lambda *_: broker)
            # Only the answer tells the count, and a sweep that claims nothing ends as well.
            monkeypatch.setattr(Sweep, "count", lambda *_: 1)
            acts = {name: partial(act, banking) for name, act in scene.actors.items()}
            exploration = Exploration(banking, acts)
            afterwards.callback(exploration.close, banking.parts.close)
            return exploration.explore(most_runs)

        yield run


SCENES = pytest.mark.parametrize(
    "scene",
    [HANDLERS, SWEEPS, SKIP, TAKEN_UP, REWIND, REWIND_OF_PENDING],
    ids=[
        "handlers and sweep",
        "two sweeps",
        "skipped head",
        "failed taken up",
        "rewind",
        "rewind of pending",
    ],
)


@SCENES
def test_order_holds_in_short_schedules(scene: Scene, explore: Explore) -> None:
    found = explore(scene, most_runs=200)

    assert found.dropped == 0, f"some schedules could not be repeated: {found}"
    assert found.states > 80, f"the actors hardly met: {found}"


@pytest.mark.night_long
@SCENES
def test_order_holds_in_every_schedule(scene: Scene, explore: Explore) -> None:
    found = explore(scene)

    print(found)
    assert (found.dropped, found.left) == (0, 0), found


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(mistake, id=name, marks=[pytest.mark.night_long] if name in DEEP else [])
        for name, mistake in MISTAKES.items()
    ],
)
def test_planted_mistake_is_found(
    mistake: Mistake, explore: Explore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake.plant(monkeypatch)

    with pytest.raises(Violation, match=mistake.seen) as found:
        explore(mistake.scene)

    print(found.value)


def test_given_up_event_comes_late(explore: Explore) -> None:
    """The exception that the order has is real, and the exploration sees it."""
    with pytest.raises(Violation, match="overtaken") as found:
        explore(SKIP, late_is_excused=False)

    print(found.value)
    assert found.value.schedule[-1].what == "a late copy arrives"
