"""The demo's stage: brings up servers and functions, plays, and takes all down again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Console

from local.appevents.demo.clip import clip_of
from local.appevents.demo.ledger import Accounts, discrepancies, unbalanced
from local.appevents.demo.people import Operator, Person
from local.appevents.demo.record import SERVICES, Record
from local.appevents.demo.story import Story
from local.appevents.demo.summary import print_accounts
from local.appevents.demo.surroundings import BROKER, SYSTEM, own_servers
from local.appevents.object_store import remove_objects
from local.machine.checkout import ROOT
from local.services.installation import Installation, migrate
from local.serving import playing
from local.serving.bars import Bars, Progressed
from local.serving.calls import CallFailed
from local.serving.playing import WrongChoice, number
from local.serving.server import start_server

LOG = ROOT / ".local" / "log" / "accompanying.log"
NAME = "app_demo"
STORY = "story"
LONGEST_CLIP = 600
_POLL_SECONDS = 0.25
_SETTLE_SECONDS = 30.0
_SETTINGS = {
    "SYSTEM": SYSTEM,
    "SCHEDULER": "1",  # each second instead of each minute
    "RATE_LIMIT_IP_PER_MINUTE": "1000000",
    "APP_RETRY_SECONDS": "0.5,1,2,4,8",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen.

    Attributes:
        clip_seconds: how long the clip is
    """

    clip_seconds: int = 3


def read_choices(environment: Mapping[str, str]) -> Choices:
    """`APP_DEMO_CLIP_SECONDS` (3).

    Raises:
        WrongChoice: it is no such number
    """
    return Choices(number(environment, "APP_DEMO_CLIP_SECONDS", 3, LONGEST_CLIP))


def play() -> int:
    """Play the demo on the terminal; returns its exit status."""
    return playing.play(read_choices, _play_on_own_servers, CallFailed)


def _play_on_own_servers(console: Console, choices: Choices, installation: Installation) -> int:
    if installation.services.external:
        raise WrongChoice(
            "the demo makes databases of its own, so it needs servers of this checkout"
        )
    return play_on(console, choices, installation, NAME)


def play_on(console: Console, choices: Choices, installation: Installation, name: str) -> int:
    """Serve app.events and play; returns the exit status.

    Args:
        name: of the virtual host, and the ending of the databases' names

    Raises:
        WrongChoice: there is no object store, or no ffmpeg
        ServerNotStarted: nothing serves
    """
    if not installation.environment.get("OBJECT_STORE_ENDPOINT"):
        raise WrongChoice("the demo uploads a video: set OBJECT_STORE_ENDPOINT and what it needs")
    clip = clip_of(installation.environment, choices.clip_seconds)
    with own_servers(installation.services.urls, name) as own:
        environment = {**installation.environment, **own, **_SETTINGS}
        migrate(installation.checkout, environment)
        with start_server(environment) as server:
            return _play(console, choices, environment, server.base_url, clip)


def _play(
    console: Console, choices: Choices, settings: Mapping[str, str], base_url: str, clip: bytes
) -> int:
    record, started = Record(), time.monotonic()
    with (
        Person(base_url, settings, "Alice", record) as alice,
        Person(base_url, settings, "Bob", record) as bob,
        Operator(base_url, settings["ADMIN_API_KEY"]) as operator,
        Bars(console, (STORY, *SERVICES)) as bars,
    ):
        story = Story(
            alice=alice,
            bob=bob,
            operator=operator,
            record=record,
            clip=clip,
            clip_seconds=choices.clip_seconds,
            broker_url=settings[BROKER],
            say=bars.remark,
        )
        try:
            accounts = _watch(story, bars)
            states = {**alice.states(), **bob.states()}
        finally:
            for prefix in (f"uploads/{alice.id}/", f"media/{story.video}/"):
                remove_objects(settings, prefix)
    print_accounts(console, accounts)
    console.print(f"{story.told} chapters in {time.monotonic() - started:.0f} s", highlight=False)
    return _close(console, discrepancies(record, states, accounts))


def _watch(story: Story, bars: Bars) -> Accounts:
    """Show how far all is until nothing more is to come; gives the last accounts."""
    with ThreadPoolExecutor(1, thread_name_prefix="story") as pool:
        played = pool.submit(story.play)
        try:
            while not played.done():
                bars.show(_progress(story, story.operator.reconcile()))
                time.sleep(_POLL_SECONDS)
        finally:
            story.stop.set()
        played.result()
    deadline = time.monotonic() + _SETTLE_SECONDS
    while unbalanced(story.record, accounts := story.operator.reconcile()):
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    bars.show(_progress(story, accounts), last=True)
    return accounts


def _progress(story: Story, accounts: Accounts) -> dict[str, Progressed]:
    """Chapters, and of each service the events that are settled."""
    told = Progressed(story.told, len(story.chapters()))
    of_services = {
        own["service"]: Progressed(own["processed"] + own["rejected"], own["accepted"])
        for own in accounts
    }
    return {STORY: told, **of_services}


def _close(console: Console, problems: Sequence[str]) -> int:
    steps = (
        (f"less {LOG.relative_to(ROOT)}", "what the functions said, a line an event"),
        ("APP_DEMO_CLIP_SECONDS=60 make app-demo", "a longer clip"),
        ("make local", "the same API with two users, to call it yourself"),
    )
    praise = "each event ended as it was answered, and nothing was applied twice"
    return playing.close(console, problems, praise, steps)
