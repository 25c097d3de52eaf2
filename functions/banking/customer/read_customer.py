"""GET /customer/data: one customer with its tags."""

from chalicelib.banking.customer import customers
from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.models import CustomerData, CustomerRef
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/data", methods=["GET"])
@endpoint(CustomerRef, gives=CustomerData, looks_up=True)
def read_customer(call: Call[CustomerRef]) -> Answer:
    """Read a customer."""
    return Answer(customers.read_customer(call, call.body.customer_id))
