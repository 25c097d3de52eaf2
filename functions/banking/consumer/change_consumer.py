"""PATCH /consumer/data: changes the name that people see; a consumer's own name never changes."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.consumers import NOT_FOUND, SQL
from chalicelib.banking.consumer.models import ConsumerChange, ConsumerChanged
from chalicelib.banking.wiring import endpoint
from fintegrate.console.acts import audited, require_reason
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/data", methods=["PATCH"])
@endpoint(ConsumerChange, gives=ConsumerChanged, access=Access.ADMIN, looks_up=True)
def change_consumer(call: Call[ConsumerChange]) -> Answer:
    """Change a consumer's name to show."""
    require_reason(call)
    change = {
        "consumer_id": str(call.body.consumer_id),
        "display_name": call.body.display_name,
    }
    changed = call.db.fetch_one(SQL["change_consumer"], change)
    if changed is None:
        raise NotFound(NOT_FOUND)
    return Answer(changed, audited=audited(call, change["consumer_id"], {}))
