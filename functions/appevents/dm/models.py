"""The models of the requests about conversations, and of their answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from chalicelib.appevents.events.dm import LARGEST, ConversationId
from chalicelib.appevents.paging import Page
from fintegrate.http.cursors import NextCursor, digits_only
from fintegrate.http.validation import Described, RequestModel

_CONVERSATION = "9a1c7d52-3f0b-4e6d-8c2a-5b7e9f1d3c40"
_MESSAGE = "2f8b6c1e-4d7a-4b9c-a3e5-6d0f1c2b3a49"
_USER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_AT = "2026-11-26T18:00:00.000000Z"
Place = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(digits_only)]


class ConversationPath(RequestModel):
    """A conversation's id in the path."""

    conversation_id: ConversationId


class ConversationPage(Page):
    """Which conversations to list."""


class MessagePage(Page):
    """Which messages to list: the last ones, unless it says from where."""

    after_sequence: Annotated[
        Place | None, Described("Only messages after this sequence, oldest first", None)
    ] = None
    before_sequence: Annotated[
        Place | None, Described("Only messages before this sequence, newest first", None)
    ] = None


class Conversation(TypedDict):
    """A conversation that the caller takes part in."""

    conversation_id: Annotated[str, Described("Its id", _CONVERSATION)]
    participant_ids: Annotated[
        list[str], Described("Who takes part, including the caller", [_USER])
    ]
    created_at: Annotated[datetime, Described("When it was started", _AT)]
    last_activity_at: Annotated[datetime, Described("When the last message was sent", _AT)]
    last_sequence: Annotated[int, Described("The sequence of its last message; 0: none", 3)]
    read_up_to: Annotated[
        int, Described("The sequence of the last message that the caller has read", 1)
    ]
    unread_count: Annotated[
        int, Described("Messages of others after that; 1000 means 1000 or more", 2)
    ]


class ConversationList(TypedDict):
    """Conversations, newest activity first."""

    conversations: list[Conversation]
    next_cursor: NextCursor


class Message(TypedDict):
    """A message."""

    message_id: Annotated[str, Described("Its id", _MESSAGE)]
    sender_id: Annotated[str, Described("Who sent it", _USER)]
    sequence: Annotated[int, Described("Its place in the conversation, from 1", 3)]
    body: Annotated[str, Described("The message", "See you at six")]
    sent_at: Annotated[datetime, Described("When it was sent, by our clock", _AT)]
    created_at: Annotated[datetime, Described("When it was stored", _AT)]


class MessageList(TypedDict):
    """Messages of a conversation."""

    messages: list[Message]
    next_cursor: NextCursor
