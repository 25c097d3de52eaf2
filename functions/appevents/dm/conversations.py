"""Conversations. One has the id of the event that started it; of two people there is one.

Who starts a conversation that the two have already knows it by the id of that start, too: a phone that
was offline may have told messages to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.dm import ConversationStarted
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST_UNREAD = 1_000
NOT_FOUND = "conversation_not_found", "There is no such conversation"


def start_conversation(db: Database, event: Event[ConversationStarted]) -> Reply:
    """Write a conversation, unless these two people have one.

    Raises:
        Rejected: somebody else's conversation has this id.
    """
    others = [str(each) for each in event.data.participant_ids]
    own = {"conversation_id": event.id, "user_id": event.user_id}
    if db.fetch_one(SQL["note_start"], own) is None:
        raise Rejected("id_taken", "Another conversation has this id")
    pair = _pair_of(event.user_id, others)
    if db.fetch_one(SQL["create"], {**own, **pair}) is None:
        row = db.fetch_one(SQL["join_pair"], {**own, **pair})
        assert row is not None  # the statement before has waited for its commit
        return _persisted(row["conversation_id"])
    db.execute(SQL["add_participants"], {**own, "others": others})
    return _persisted(event.id)


def find_conversation(db: Database, user_id: str, conversation_id: str) -> str | None:
    """The id of a conversation that a user takes part in, given that or a start of the user's."""
    row = db.fetch_one(SQL["find"], {"user_id": user_id, "conversation_id": conversation_id})
    return row["conversation_id"] if row else None


def list_conversations(db: Database, user_id: str, wanted: Mapping[str, Any]) -> list[Row]:
    """A user's conversations, newest activity first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, "most_unread": MOST_UNREAD, **wanted})


def missing(db: Database, user_id: str, conversation_id: str) -> Rejected | NotYet:
    """What to raise for a conversation that a user does not take part in.

    One that others have will never be the user's. One that nobody has may be the user's own, whose
    event still waits. Both say the same in the end. That an id is taken is no secret to who has it:
    `id_taken` says so, too.
    """
    wanted = {"user_id": user_id, "conversation_id": conversation_id}
    is_of_others = db.fetch_one(SQL["of_others"], wanted) is not None
    return Rejected(*NOT_FOUND) if is_of_others else NotYet(*NOT_FOUND)


def _pair_of(user_id: str, others: list[str]) -> dict[str, str | None]:
    """Two people, the smaller id first; of more there is no pair."""
    if len(others) > 1:
        return {"first": None, "second": None}
    first, second = sorted((user_id, others[0]), key=UUID)
    return {"first": first, "second": second}


def _persisted(conversation_id: str) -> Reply:
    return Reply("dm.conversation.persisted", {"conversation_id": conversation_id})
