"""GET /api/v1/conversations/{conversation_id}/messages: what was said, both ways."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.dm.blueprint import dm
from chalicelib.appevents.dm.conversations import find_conversation
from chalicelib.appevents.dm.messages import newer_messages, older_messages
from chalicelib.appevents.dm.models import ConversationPath, MessageList, MessagePage
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.errors import Invalid, NotFound
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import Listing, by_number

endpoint = endpoint_of("dm")
NEWER, OLDER = by_number("newer messages", "sequence"), by_number("older messages", "sequence")


@dm.route("/api/v1/conversations/{conversation_id}/messages", methods=["GET"])
@endpoint(MessagePage, gives=MessageList, path=ConversationPath, looks_up=True)
def list_messages(call: Call[MessagePage]) -> Answer:
    """Messages by sequence: the last ones first, those before a place, or those after one in order.

    A cursor goes on in the direction of its page.
    """
    user_id, asked = call.caller.owner_id, call.body
    conversation_id = find_conversation(call.db, user_id, str(call.path.conversation_id))
    if conversation_id is None:
        raise NotFound("There is no such conversation")
    listing = _listing(asked, conversation_id)
    place: Any = listing.after(asked.cursor, conversation_id)["after_number"]
    if listing is NEWER:
        start = asked.after_sequence if place is None else place
        wanted = {"after_sequence": start, "limit": asked.limit}
        rows = newer_messages(call.db, user_id, conversation_id, wanted)
    else:
        start = asked.before_sequence if place is None else place
        wanted = {"before_sequence": start, "limit": asked.limit}
        rows = older_messages(call.db, user_id, conversation_id, wanted)
    messages, cursor = listing.page(rows, asked.limit, conversation_id)
    return Answer({"messages": messages, "next_cursor": cursor})


def _listing(asked: MessagePage, conversation_id: str) -> Listing:
    """The direction: what the request says, or else that of its cursor."""
    if asked.after_sequence is not None and asked.before_sequence is not None:
        raise Invalid("before_sequence: cannot be given with after_sequence")
    if asked.after_sequence is not None:
        return NEWER
    if asked.before_sequence is None and NEWER.has(asked.cursor, conversation_id):
        return NEWER
    return OLDER
