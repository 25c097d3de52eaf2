"""Messages of conversations, each in its place, and how far everybody has read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.appevents.dm.conversations import missing
from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.dm import MessageRead, MessageSent
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def send_message(db: Database, event: Event[MessageSent]) -> Reply:
    """Write a message at the end of its conversation.

    The conversation's row stays locked until the commit, and a message that is not written gives its
    place back. So places have no gaps.

    Raises:
        NotYet, Rejected: the user takes no part in the conversation.
        Rejected: somebody else's message has this id.
    """
    said = event.data
    wanted = {"user_id": event.user_id, "conversation_id": str(said.conversation_id)}
    place = db.fetch_one(SQL["take_place"], wanted)
    if place is None:
        raise missing(db, **wanted)
    message = {
        "user_id": event.user_id,
        "message_id": event.id,
        "body": said.body,
        "sent_at": event.effective_at,
        **place,
    }
    if db.fetch_one(SQL["write"], message) is None:
        raise Rejected("id_taken", "Another message has this id")
    return _persisted(place["conversation_id"], event.id, place["sequence"])


def mark_read(db: Database, event: Event[MessageRead]) -> Reply:
    """Move the user's mark forward, at most to the last message.

    Raises:
        NotYet, Rejected: the user takes no part in the conversation.
    """
    said = event.data
    wanted = {"user_id": event.user_id, "conversation_id": str(said.conversation_id)}
    row = db.fetch_one(SQL["mark_read"], {**wanted, "up_to": said.up_to_sequence})
    if row is None:
        raise missing(db, **wanted)
    return _persisted(row["conversation_id"], row["message_id"], row["read_up_to"])


def newer_messages(
    db: Database, user_id: str, conversation_id: str, wanted: Mapping[str, Any]
) -> list[Row]:
    """Messages after a place, in their order; one more than the page has."""
    own = {"user_id": user_id, "conversation_id": conversation_id}
    return db.fetch_all(SQL["newer"], {**own, **wanted})


def older_messages(
    db: Database, user_id: str, conversation_id: str, wanted: Mapping[str, Any]
) -> list[Row]:
    """Messages before a place, or the last ones, newest first; one more than the page has."""
    own = {"user_id": user_id, "conversation_id": conversation_id}
    return db.fetch_all(SQL["older"], {**own, **wanted})


def _persisted(conversation_id: str, message_id: str | None, sequence: int) -> Reply:
    data = {"conversation_id": conversation_id, "message_id": message_id, "sequence": sequence}
    return Reply("dm.message.persisted", data)
