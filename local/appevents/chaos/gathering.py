"""Collects the evidence of a run: the databases' rows, the queues' messages, the store's objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.appevents import topology
from chalicelib.appevents.events.catalogue import TYPES
from fintegrate.queries import queries_beside
from local.appevents.chaos.environment import BROKER, master_of
from local.appevents.chaos.evidence import (
    Conversation,
    Count,
    Event,
    Evidence,
    Feed,
    Key,
    Letter,
    Like,
    Outcome,
    Setting,
    Thing,
    Video,
)
from local.appevents.chaos.store import Objects
from local.appevents.chaos.tap import Tap
from local.appevents.own_databases import SERVICES
from local.chaos.looking import rows
from local.services.amqp import channel_on

SQL = queries_beside(__name__)
NOTIFY = "notify"
QUEUE_OF = {NOTIFY: "notification"}
"""Where a service's queue has another name than its database."""
THINGS = ("video", "program", "dm", "machine")


class Source:
    """Where facts are found.

    Args:
        environment: the functions' own, with the databases' masters
        objects: the store, past the run's proxies
    """

    def __init__(self, environment: Mapping[str, str], tap: Tap, objects: Objects) -> None:
        self.environment = environment
        self.tap = tap
        self.objects = objects

    def query(self, service: str, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a statement of this module's `.sql` file in a service's database."""
        return rows(master_of(self.environment, service), SQL[statement], **parameters)

    def count(self, service: str, statement: str, **parameters: Any) -> int:
        """What such a statement counts."""
        return int(self.query(service, statement, **parameters)[0]["count"])

    def left(self) -> dict[str, int]:
        """The messages of each queue."""
        with channel_on(self.environment[BROKER]) as channel:
            return {
                name: int(channel.queue_declare(name, passive=True).method.message_count)
                for name in self.queues()
            }

    def queues(self) -> list[str]:
        """The names of the services' queues: their own, those that wait, the dead letters."""
        waits = topology.waits_of(self.environment["APP_RETRY_SECONDS"])
        return [
            name
            for service in topology.services()
            for name in (
                f"app.{service}",
                f"app.{service}.dlq",
                *(f"app.{service}.retry.{number}" for number, _ in enumerate(waits, start=1)),
            )
        ]

    def unsettled(self) -> int:
        """Events without an end, outbox rows that wait, videos under way."""
        return (
            self.count(NOTIFY, "unsettled")
            + sum(self.count(service, "pending") for service in SERVICES if service != NOTIFY)
            + self.count("video", "under_way")
        )

    def gather(self, users: Iterable[str], secrets: Sequence[str] = ()) -> Evidence:
        """Collect everything about these users."""
        self.tap.drain()
        own = frozenset(users)
        mine = [each for each in self.query(NOTIFY, "last_sequences") if each["user"] in own]
        return Evidence(
            users=own,
            events=[Event(**row) for row in self.query(NOTIFY, "events") if row["user"] in own],
            last_sequences={row["user"]: row["last_sequence"] for row in mine},
            keys=[key for key in self._keys() if key.user in own],
            outcomes=[each for each in self._outcomes() if each.user in own],
            letters=[Letter(**row) for row in self.query(NOTIFY, "dead_letters")],
            things=[each for each in self._things() if each.user in own],
            handed=[each for each in self.tap.handed if each.user in own],
            counts=[Count(**row) for row in self.query("video", "video_counts")],
            likes=[like for like in self._likes() if like.user in own],
            settings=[each for each in self._settings() if each.user in own],
            conversations=[Conversation(**row) for row in self.query("dm", "conversations")],
            feeds=[feed for feed in self._feeds() if feed.owner in own],
            videos=[video for video in self._videos() if video.user in own],
            left=self.left(),
            secrets=[words for secret in secrets for words in self._readable(secret)],
        )

    def _keys(self) -> Iterator[Key]:
        for service in SERVICES:
            for row in self.query(service, "keys"):
                yield Key(QUEUE_OF.get(service, service), **row)

    def _outcomes(self) -> Iterator[Outcome]:
        for service in SERVICES:
            if service != NOTIFY:
                for row in self.query(service, "outbox"):
                    assert row["event_type"] in TYPES
                    yield Outcome(service, **row)

    def _things(self) -> Iterator[Thing]:
        for service in THINGS:
            for row in self.query(service, f"{service}_things"):
                yield Thing(**row)

    def _likes(self) -> list[Like]:
        return [Like(**row) for row in self.query("video", "likes")]

    def _settings(self) -> list[Setting]:
        return [Setting(**row) for row in self.query("settings", "settings")]

    def _feeds(self) -> Iterator[Feed]:
        known = {row["owner"]: row for row in self.query("video", "feeds_known")}
        for row in self.query("settings", "feeds_decided"):
            at_video = known.get(row["owner"])
            decided = row["visibility"], row["access_version"]
            if at_video is None:
                yield Feed(row["owner"], decided, None, 0)
                continue
            seen = at_video["visibility"], at_video["access_version"]
            yield Feed(row["owner"], decided, seen, at_video["otherwise"])

    def _videos(self) -> Iterator[Video]:
        for row in self.query("video", "videos"):
            original = self.objects.size_of(f"uploads/{row['user']}/{row['id']}")
            shown = 0
            if row["video_key"] is not None:
                sizes = [
                    self.objects.size_of(row[f"{name}_key"]) for name in ("video", "thumbnail")
                ]
                shown = int(sizes[0] == row["size_bytes"]) + int(bool(sizes[1]))
            yield Video(
                row["id"],
                row["user"],
                row["status"],
                row["failure"],
                row["posts"],
                original is not None,
                shown,
            )

    def _readable(self, secret: str) -> Iterator[str]:
        places = {"notify_db's events": (NOTIFY, "readable_in_notify")}
        places["dead letters"] = NOTIFY, "readable_in_letters"
        places["the outbox of settings"] = "settings", "readable_in_outbox"
        for words, (service, statement) in places.items():
            if count := self.count(service, statement, secret=secret):
                yield f"a passcode is readable in {count} rows of {words}"
        if count := sum(secret.encode() in body for body in self.tap.bodies):
            yield f"a passcode is readable in {count} messages"
