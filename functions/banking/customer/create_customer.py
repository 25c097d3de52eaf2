"""POST /customer/data: creates a customer."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.customers import change_customer
from chalicelib.banking.customer.models import CustomerCreated, NewCustomer
from chalicelib.banking.customer.quotas import check_quota
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/data", methods=["POST"])
@endpoint(NewCustomer, gives=CustomerCreated, status=201)
def create_customer(call: Call[NewCustomer]) -> Answer:
    """Create a customer and tell its consumer."""
    check_quota(call, "customers")
    event = change_customer(call, "create_customer", name=call.body.name, status=call.body.status)
    assert event is not None
    data = {
        "customer_id": event["customer_id"],
        "status": call.body.status,
        "created_at": event["created_at"],
    }
    return Answer(data, event)
