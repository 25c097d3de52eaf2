"""The evidence of a run: facts from sources that do not know each other.

`gathering` collects them. `ledger` judges what they mean together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from local.chaos.faults.fault import Disturbance

ACCEPTED = frozenset({"accepted", "duplicate"})
"""The answers after which an event must be in the database."""


@dataclass(frozen=True, slots=True)
class Act:
    """An event that a user means to tell.

    Attributes:
        may: codes with which it may be rejected
        must: whether it has to be rejected with one of these
    """

    user: str
    id: str
    event_type: str
    data: Mapping[str, Any]
    may: frozenset[str] = frozenset()
    must: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.user, self.id


class Told(NamedTuple):
    """One sending of an act, and what was answered.

    `status` is `accepted`, `duplicate`, `conflict`, `invalid`, or None: no answer came, so nobody
    knows. `other` says that it was sent with other content than the id stands for.
    """

    act: Act
    status: str | None
    other: bool = False


class Published(NamedTuple):
    """A message that was published on the exchange by hand.

    A poisonous one must be a dead letter of `service`. Another one is an event like any other. Without
    a confirm nobody knows whether the broker has it.
    """

    service: str
    message_id: str
    user: str
    event_type: str
    poison: bool = False
    confirmed: bool = True


class Event(NamedTuple):
    """A row of `events`."""

    user: str
    id: str
    event_type: str
    sequence: int
    effective_at: datetime
    publish_status: str
    outcome_status: str | None
    outcome_event_type: str | None
    outcome_code: str | None
    outcome_reason: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.user, self.id


class Key(NamedTuple):
    """A row of a service's `idempotency_keys`."""

    service: str
    user: str
    id: str
    event_type: str
    outcome: str


class Outcome(NamedTuple):
    """A row of a service's `outbox`."""

    service: str
    user: str
    id: str
    event_type: str
    causation_id: str | None
    publish_status: str


class Letter(NamedTuple):
    """A row of `dead_letters`. `redriven` says that an operator has sent it back."""

    service: str
    user: str | None
    id: str | None
    message_id: str | None
    event_type: str | None
    code: str
    redriven: bool = False


class Thing(NamedTuple):
    """A row that an event has made, and whose it is. `kind` is the type of such events."""

    kind: str
    user: str
    id: str


class Handed(NamedTuple):
    """A message as a queue handed it out; `place` counts them in that order."""

    place: int
    event_type: str
    user: str
    id: str
    sequence: int | None


class Count(NamedTuple):
    """A count that a row has, and the number of rows that it counts."""

    what: str
    says: int
    rows: int


class Like(NamedTuple):
    """A user's like that stands."""

    user: str
    target: str


class Setting(NamedTuple):
    """A field of a user's settings, and the place of the event that wrote it."""

    kind: str
    user: str
    name: str
    sequence: int | None


class Conversation(NamedTuple):
    """A conversation: what its row says of its last message, and the sequences of its messages."""

    id: str
    last_sequence: int
    sequences: Sequence[int]
    strangers: int
    """Messages of users who take no part."""


class Feed(NamedTuple):
    """Who may see a feed: as the service of settings says, and as that of videos knows."""

    owner: str
    decided: tuple[str, int]
    known: tuple[str, int] | None
    posts_otherwise: int
    """Posts that are shown to others than those."""


class Video(NamedTuple):
    """A video, how many posts show it, and which of its files are in the store."""

    id: str
    user: str
    status: str
    failure: str | None
    posts: int
    original: bool
    shown: int
    """Of the two files that a post needs, those that are there with their sizes."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one run.

    Attributes:
        users: those of this run
        last_sequences: what `user_sequences` says, by user
        asked_videos: those that were asked for by a request, not by an event
        answered_videos: those whose upload was answered as complete
        left: messages in each queue at rest
        leaks: what somebody saw who may not, in words
        secrets: places where a passcode is readable, in words
        reconciliation: the system's own ledger at rest; None when it was not asked
    """

    users: frozenset[str] = frozenset()
    told: Sequence[Told] = ()
    published: Sequence[Published] = ()
    events: Sequence[Event] = ()
    last_sequences: Mapping[str, int] = field(default_factory=dict)
    keys: Sequence[Key] = ()
    outcomes: Sequence[Outcome] = ()
    letters: Sequence[Letter] = ()
    things: Sequence[Thing] = ()
    handed: Sequence[Handed] = ()
    counts: Sequence[Count] = ()
    likes: Sequence[Like] = ()
    settings: Sequence[Setting] = ()
    conversations: Sequence[Conversation] = ()
    feeds: Sequence[Feed] = ()
    videos: Sequence[Video] = ()
    asked_videos: frozenset[str] = frozenset()
    answered_videos: Sequence[str] = ()
    left: Mapping[str, int] = field(default_factory=dict)
    leaks: Sequence[str] = ()
    secrets: Sequence[str] = ()
    disturbances: Sequence[Disturbance] = ()
    reconciliation: Mapping[str, Any] | None = None
