"""POST /consumer/format: chooses the format of a consumer's messages, JSON or XML.

It holds for every message that is sent afterwards, also for copies of older events.
"""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.consumers import NOT_FOUND, SQL
from chalicelib.banking.consumer.models import FormatChange, FormatChanged
from chalicelib.banking.wiring import endpoint
from fintegrate.console.acts import audited, require_reason
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/format", methods=["POST"])
@endpoint(FormatChange, gives=FormatChanged, access=Access.ADMIN, looks_up=True)
def change_format(call: Call[FormatChange]) -> Answer:
    """Choose the format of a consumer's messages."""
    require_reason(call)
    change = {
        "consumer_id": str(call.body.consumer_id),
        "message_format": call.body.message_format,
    }
    changed = call.db.fetch_one(SQL["change_format"], change)
    if changed is None:
        raise NotFound(NOT_FOUND)
    return Answer(changed, audited=audited(call, change["consumer_id"], {}))
