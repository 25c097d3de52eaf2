"""GET /api/v1/conversations: the conversations that a user takes part in."""

from chalicelib.appevents.dm.blueprint import dm
from chalicelib.appevents.dm.conversations import list_conversations as read
from chalicelib.appevents.dm.models import ConversationList, ConversationPage
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("dm")
CONVERSATIONS = by_time("conversations", "conversation_id", "last_activity_at")


@dm.route("/api/v1/conversations", methods=["GET"])
@endpoint(ConversationPage, gives=ConversationList)
def list_conversations(call: Call[ConversationPage]) -> Answer:
    """The caller's conversations, newest activity first.

    One with something new moves to the front. It is on no later page then, so none comes twice.
    """
    wanted = {**CONVERSATIONS.after(call.body.cursor), "limit": call.body.limit}
    rows = read(call.db, call.caller.owner_id, wanted)
    conversations, cursor = CONVERSATIONS.page(rows, call.body.limit)
    return Answer({"conversations": conversations, "next_cursor": cursor})
