"""GET /consumer/list: every consumer, the oldest first. `MAX_CONSUMERS` bounds the answer."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.consumers import SQL
from chalicelib.banking.consumer.models import ConsumerList
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@consumer.route("/consumer/list", methods=["GET"])
@endpoint(Nothing, gives=ConsumerList, access=Access.ADMIN)
def list_consumers(call: Call[Nothing]) -> Answer:
    """List the consumers."""
    return Answer({"consumers": call.db.fetch_all(SQL["list_consumers"], {})})
