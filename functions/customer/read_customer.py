"""GET /customer/data: one customer with its tags."""

from chalicelib.customer import store
from chalicelib.customer.blueprint import customer
from chalicelib.customer.models import CustomerData, CustomerRef
from chalicelib.platform import endpoint
from fintegrate.endpoint import Answer, Call


@customer.route("/customer/data", methods=["GET"])
@endpoint(CustomerRef, gives=CustomerData)
def read_customer(call: Call[CustomerRef]) -> Answer:
    """Read a customer."""
    return Answer(store.read_customer(call, call.body.customer_id))
