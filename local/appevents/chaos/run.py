"""Runs one seed of app.events from its first fault to its ledger."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from local.appevents.chaos import ledger
from local.appevents.chaos.by_hand import ByHand
from local.appevents.chaos.calls import App
from local.appevents.chaos.environment import BROKER
from local.appevents.chaos.evidence import Evidence
from local.appevents.chaos.faults.catalogue import BY_NAME
from local.appevents.chaos.filming import Filming
from local.appevents.chaos.load import Load, Phone
from local.appevents.chaos.owner import Owner
from local.appevents.chaos.report import Run
from local.appevents.chaos.stories import Story
from local.appevents.chaos.testbed import Testbed
from local.chaos import course
from local.chaos.conducting import Conductor
from local.chaos.faults.fault import Fault, Targets
from local.chaos.plan import Plan, make_plan
from local.services.running import RunningServices

SKEWS = (timedelta(0), timedelta(days=-400), timedelta(hours=3))
"""How wrong the clocks of phones are."""
QUIET_LOOKS = 3


@dataclass(frozen=True)
class Choices(course.Choices):
    """The options of a run; `callers` are phones of each user."""

    callers: int = 1
    faults: Sequence[Fault] = tuple(BY_NAME.values())
    rest_seconds: float = 300.0
    users: int = 4
    clips: int = 4


@dataclass(frozen=True)
class Cast:
    """Who does something in a run."""

    phones: Sequence[Phone]
    filming: Filming
    by_hand: ByHand
    owner: Owner

    def load(self, stopping: threading.Event) -> Load:
        return Load([*self.phones, self.filming, self.by_hand, self.owner], stopping)

    def said(self, found: Evidence) -> Evidence:
        """The same evidence, with what they told, saw and published."""
        told = [each for phone in self.phones for each in phone.told]
        return replace(
            found,
            told=[*told, *self.filming.told],
            published=self.by_hand.published,
            asked_videos=frozenset(self.filming.asked),
            answered_videos=self.filming.answered,
            leaks=[*self.owner.leaks, *(words for phone in self.phones for words in phone.leaks)],
        )


def run_seed(
    services: RunningServices,
    seed: int,
    choices: Choices,
    folder: Path,
    told: Callable[[str], None] = lambda _words: None,
) -> Run:
    """Run one seed on these servers. `folder` is emptied and gets the logs."""
    course.empty(folder)
    began = time.monotonic()
    plan = make_plan(seed, choices.seconds, choices.faults)
    stopping = threading.Event()
    with Testbed(services, str(seed), folder, choices.sabotage) as bed:
        bed.open(choices.users, seed, stopping)
        cast = _cast(bed, seed, choices, stopping)
        conductor = Conductor(Targets(bed, threading.Event()), BY_NAME, told)
        course.disturb(bed, cast.load(stopping), conductor, plan, choices.seconds)
        waited = _come_to_rest(bed, choices.rest_seconds)
        own = bed.reconciliation()
        bed.stop_platform()
        users = [*bed.world.users, bed.world.owner, bed.owner.viewer, cast.by_hand.user]
        found = bed.source.gather([*users, cast.filming.user], bed.owner.secrets)
    evidence = replace(cast.said(found), reconciliation=own, disturbances=conductor.disturbances)
    return _judged(seed, time.monotonic() - began, waited, plan, evidence)


def _judged(seed: int, seconds: float, waited: float, plan: Plan, evidence: Evidence) -> Run:
    return Run(seed, seconds, waited, plan, evidence, ledger.check(evidence))


def _cast(bed: Testbed, seed: int, choices: Choices, stopping: threading.Event) -> Cast:
    phones = []
    for place, user in enumerate(bed.world.users):
        for number in range(choices.callers):
            random = Random(f"{seed} {place} {number}")  # noqa: S311  # repeatable
            story, app = Story(user, bed.world, random), App(bed.base_urls, bed.environment, random)
            skew = SKEWS[place % len(SKEWS)]
            phones.append(Phone(story, bed.world, app, random, stopping, skew))
    random = Random(f"{seed} film")  # noqa: S311  # repeatable
    film = App(bed.base_urls, bed.environment, random)
    own = Random(f"{seed} by hand")  # noqa: S311  # repeatable
    return Cast(
        phones,
        Filming(bed.world.users[0], film, random, stopping, choices.clips),
        ByHand(
            _invented(own), bed.environment[BROKER], [phone.told for phone in phones], own, stopping
        ),
        bed.owner,
    )


def _invented(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _come_to_rest(bed: Testbed, most_seconds: float) -> float:
    """Wait until everything has ended; then a week passes, and originals go."""

    def is_at_rest() -> bool:
        return not bed.source.unsettled() + sum(bed.source.left().values())

    waited = course.come_to_rest(is_at_rest, most_seconds, QUIET_LOOKS)
    bed.source.query("video", "make_old")
    course.come_to_rest(lambda: not bed.source.count("video", "removable"), most_seconds)
    return waited
