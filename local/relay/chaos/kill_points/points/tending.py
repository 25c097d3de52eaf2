"""Dies in the operator's work on what is there: a replay, an erasure, the resealing, the purge."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from cryptography.fernet import Fernet

from local.chaos.boundaries import COMMIT, Boundary, Statement, after, before
from local.chaos.kill_points import KillPoint
from local.relay.chaos.kill_points.tasks import Call, SetRun
from local.relay.chaos.kill_points.trial import Trial

EVENTS = 5
BATCH = {"RELAY_SWEEP_BATCH": "2"}
"""Several batches of the few rows of a trial."""
MAKE_DUE = Statement("functions/relay/replay/replay.sql", "make_due")
HOLD = Statement("functions/relay/replay/replay.sql", "hold_events")
WAITING, ERASE, SKIP = (
    Statement("functions/relay/privacy/erase.sql", name)
    for name in ("erase_waiting", "erase_email", "skip_pending")
)
CLAIM, REWRITE, CREDENTIALS = (
    Statement("functions/relay/keys/reseal.sql", name)
    for name in ("claim_events", "rewrite_events", "rewrite_credentials")
)
EMPTY, DELETE = (
    Statement("functions/relay/schedules/purge.sql", name) for name in ("user_data", "events")
)


@dataclass(frozen=True)
class Replay:
    """Refused events are replayed, and that request dies. `committed` says whether they are due then."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """The admin gets no answer and asks again; everything arrives once."""
        shop = trial.open_shop("webhook")
        trial.behave("webhook", "fail", status=422, requests=EVENTS)
        trial.send(trial.items(EVENTS))
        trial.come_to_rest()
        wanted = {"storefronts": [shop], "dry_run": False}
        trial.kill(Call("/admin/v1/replay", wanted))
        expected = {"pending" if self.committed else "failed"}
        found = {each.status for each in trial.evidence().deliveries}
        trial.expect(found == expected, f"the deliveries are {found}")
        trial.cell.run(Call("/admin/v1/replay", wanted))
        trial.come_to_rest()
        ends = {each.status for each in trial.evidence().deliveries}
        trial.expect(ends == {"delivered"}, f"the deliveries end as {ends}")


@dataclass(frozen=True)
class Erasure:
    """A person is erased from events and from rows, and that request dies."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """Everything of the person is there or nothing. The second call leaves nothing."""
        shop = trial.open_shop("webhook", "meta")
        person = {"email": f"{uuid.uuid4()}@example.com"}
        items = [{**each, "user": person} for each in trial.items(EVENTS)]
        trial.send(items[:-1])
        trial.insert(items[-1:])
        trial.told.pop()  # the row ends as rejected, which is asked for
        trial.kill(Call("/admin/v1/erase", person))
        self._expect(trial, shop, left=0 if self.committed else EVENTS)
        trial.cell.run(Call("/admin/v1/erase", person))
        self._expect(trial, shop, left=0)
        trial.come_to_rest()
        ends = {(each.status, each.reason) for each in trial.evidence().deliveries}
        trial.expect(ends == {("skipped", "erased")}, f"the deliveries end as {ends}")

    def _expect(self, trial: Trial, shop: str, left: int) -> None:
        (found,) = trial.query("not_erased", shop=shop)
        trial.expect(found["count"] == left, f"{found['count']} rows have the person, not {left}")


def resealing(trial: Trial) -> None:
    """Rows are sealed with a new key, and that run dies; with both keys everything opens."""
    old = json.loads(trial.cell.environment["RELAY_KEYS"])
    new = {f"k-{uuid.uuid4().hex[:8]}": Fernet.generate_key().decode()}
    forth, back = (
        SetRun("relay_reencrypt", {**BATCH, "RELAY_KEYS": json.dumps(ring)})
        for ring in ({**new, **old}, {**old, **new})
    )
    trial.open_shop("webhook", "meta")
    trial.send(trial.items(EVENTS))
    trial.kill(forth)
    for run in (forth, back):
        told = trial.cell.run(run).answer
        failed = told["events_failed"] + told["credentials_failed"]
        trial.expect(not failed, f"{failed} texts do not open")
    trial.come_to_rest()
    ends = {each.status for each in trial.evidence().deliveries}
    trial.expect(ends == {"delivered"}, f"the deliveries are {ends}")


def purging(trial: Trial) -> None:
    """Old events go, and that run dies: each is there as a whole, or gone with its deliveries."""
    shop = trial.open_shop("webhook", "meta")
    trial.send(trial.items(EVENTS))
    trial.cell.run(Call("/admin/v1/give-up", {"storefronts": [shop], "dry_run": False}))
    trial.query("grow_old", shop=shop)
    trial.told.clear()  # nobody misses these
    trial.send(trial.items(EVENTS, young := trial.open_shop("webhook")))
    trial.come_to_rest()
    purge = SetRun("relay_purge", BATCH)
    trial.kill(purge)
    (found,) = trial.query("in_part")
    trial.expect(not found["count"], f"{found['count']} events are there in part")
    trial.cell.run(purge)
    (left,) = trial.query("events_of", shops=[shop, young])
    trial.expect(left["count"] == EVENTS, f"{left['count']} events are left, not {EVENTS}")


def _points(name: str, moments: dict[str, tuple[Boundary, object]]) -> tuple[KillPoint, ...]:
    return tuple(
        KillPoint(f"{name}: {moment}", boundary, scenario)  # type: ignore[arg-type]
        for moment, (boundary, scenario) in moments.items()
    )


POINTS = (
    *_points(
        "replay",
        {
            "before it changes anything": (before(HOLD), Replay(committed=False)),
            "after the change, before the commit": (after(MAKE_DUE), Replay(committed=False)),
            "after the commit, before the nudge": (
                after(COMMIT, since=MAKE_DUE),
                Replay(committed=True),
            ),
        },
    ),
    *_points(
        "erase",
        {
            "after the rows, before the events": (after(WAITING), Erasure(committed=False)),
            "after the events, before their deliveries": (after(ERASE), Erasure(committed=False)),
            "before the commit": (before(COMMIT, since=SKIP), Erasure(committed=False)),
            "after the commit": (after(COMMIT, since=SKIP), Erasure(committed=True)),
        },
    ),
    *_points(
        "reencrypt",
        {
            "after the credentials, before the commit": (after(CREDENTIALS), resealing),
            "after a batch is taken": (after(CLAIM), resealing),
            "before a batch's commit": (before(COMMIT, since=REWRITE), resealing),
            "between two batches": (after(COMMIT, since=REWRITE), resealing),
        },
    ),
    *_points(
        "purge",
        {
            "after user data, before the events": (after(EMPTY), purging),
            "before a batch of events": (before(DELETE), purging),
            "between two batches": (after(DELETE), purging),
        },
    ),
)
