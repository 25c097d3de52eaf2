"""The events of conversations: what clients send, and what the service answers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from chalicelib.appevents.events.fields import Text
from fintegrate.http.validation import Described, RequestModel

_ID = "9a1c7d52-3f0b-4e6d-8c2a-5b7e9f1d3c40"
_MESSAGE = "2f8b6c1e-4d7a-4b9c-a3e5-6d0f1c2b3a49"
_OTHER = "3d5a8e21-6b4f-4c90-b7d8-2e1f0a9c8b76"
MOST_OTHERS = 9
LARGEST = 2**63 - 1

ConversationId = Annotated[UUID, Described("The conversation", _ID)]
Sequence = Annotated[int, Field(ge=1, le=LARGEST)]


class ConversationStarted(RequestModel):
    """`dm.conversation.started`: a conversation whose id is that of the event.

    Of two people there is one. Whoever starts it again gets that one, under this id, too.
    """

    participant_ids: Annotated[
        list[UUID],
        Field(min_length=1, max_length=MOST_OTHERS, json_schema_extra={"uniqueItems": True}),
        Described("The other participants, each once, without the sender", [_OTHER]),
    ]

    @field_validator("participant_ids")
    @classmethod
    def _are_others(cls, ids: list[UUID], info: ValidationInfo) -> list[UUID]:
        if len(set(ids)) < len(ids):
            raise ValueError("must be distinct")
        if info.context and UUID(info.context["user_id"]) in ids:
            raise ValueError("must not name the sender")
        return ids


class MessageSent(RequestModel):
    """`dm.message.sent`: a message whose id is that of the event."""

    conversation_id: ConversationId
    body: Annotated[str, Text(1, 4000), Described("The message", "See you at six")]


class MessageRead(RequestModel):
    """`dm.message.read`: the sender has read up to a message. A mark never goes back."""

    conversation_id: ConversationId
    up_to_sequence: Annotated[
        Sequence, Described("The sequence of the last message that was read", 3)
    ]


class ConversationPersisted(RequestModel):
    """`dm.conversation.persisted`: the conversation of these people."""

    conversation_id: ConversationId


class MessagePersisted(RequestModel):
    """`dm.message.persisted`: a message was written, or read up to.

    Of a mark, `message_id` and `sequence` are those of the last message that is marked as read; null and
    0 while there is none.
    """

    conversation_id: ConversationId
    message_id: Annotated[UUID | None, Described("The message", _MESSAGE)]
    sequence: Annotated[int, Described("Its place in the conversation, from 1", 3)]
