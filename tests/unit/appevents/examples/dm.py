"""Examples of conversations and messages."""

from __future__ import annotations

from typing import Any

CONVERSATION = "9a1c7d52-3f0b-4e6d-8c2a-5b7e9f1d3c40"
MESSAGE = "2f8b6c1e-4d7a-4b9c-a3e5-6d0f1c2b3a49"
USER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EXAMPLES: dict[str, Any] = {
    "dm.conversation.started": {"participant_ids": [USER]},
    "dm.conversation.persisted": {"conversation_id": CONVERSATION},
    "dm.message.sent": {
        "conversation_id": CONVERSATION,
        "body": "See you at six \U0001f44b\n\u05e9\u05dc\u05d5\u05dd",
    },
    "dm.message.read": {"conversation_id": CONVERSATION, "up_to_sequence": 3},
    "dm.message.persisted": {
        "conversation_id": CONVERSATION,
        "message_id": MESSAGE,
        "sequence": 3,
    },
}
WRONG: dict[str, dict[str, Any]] = {
    "dm.conversation.started": {"participant_ids": [USER, USER]},
    "dm.conversation.persisted": {"conversation_id": None},
    "dm.message.sent": {"conversation_id": "x", "body": "x" * 4001},
    "dm.message.read": {"conversation_id": 1, "up_to_sequence": 0},
    "dm.message.persisted": {"conversation_id": None, "message_id": "x", "sequence": "3"},
}
