"""GET /customer/list: the caller's customers, newest first."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.customers import SQL
from chalicelib.banking.customer.models import CustomerFilter, CustomerPage
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.database import Row
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Answer, Call

FEW = 1_000
"""So many customers with a tag are read by their ids."""


@customer.route("/customer/list", methods=["GET"])
@endpoint(CustomerFilter, gives=CustomerPage)
def list_customers(call: Call[CustomerFilter]) -> Answer:
    """List customers, by status and tag when wanted, a page at a time."""
    wanted = call.body
    parameters = {
        **wanted.model_dump(),
        **page_parameters(wanted.cursor, wanted.limit),
        "consumer_id": call.caller.owner_id,
    }
    rows = call.db.fetch_all(SQL["list_customers"], {**parameters, "own": _own(call, parameters)})
    most = parts().settings.max_answer_bytes
    customers, next_cursor = page(rows, wanted.limit, "created_at", "customer_id", most_bytes=most)
    return Answer({"customers": customers, "next_cursor": next_cursor})


def _own(call: Call[CustomerFilter], wanted: Row) -> list[str] | None:
    """The customers with the tag, if few have it; None if there is no such bound."""
    if call.body.tag_key is None:
        return None
    found = call.db.fetch_all(SQL["few_tagged"], {**wanted, "few": FEW})
    own: list[str] | None = found[0]["own"]
    return own
