"""GET /customer/list: the caller's customers, newest first."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.customers import SQL
from chalicelib.banking.customer.models import CustomerFilter, CustomerPage
from chalicelib.banking.wiring import endpoint
from fintegrate.http.cursors import decode_cursor, page
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/list", methods=["GET"])
@endpoint(CustomerFilter, gives=CustomerPage)
def list_customers(call: Call[CustomerFilter]) -> Answer:
    """List customers, by status and tag when wanted, a page at a time."""
    wanted = call.body
    after = decode_cursor(wanted.cursor)
    parameters = {
        **wanted.model_dump(),
        "consumer_id": call.caller.owner_id,
        "after_at": after and after.at,
        "after_id": after and after.id,
    }
    rows = call.db.fetch_all(SQL["list_customers"], parameters)
    customers, next_cursor = page(rows, wanted.limit, "created_at", "customer_id")
    return Answer({"customers": customers, "next_cursor": next_cursor})
