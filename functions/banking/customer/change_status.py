"""PATCH /customer/change-status: makes a customer active or inactive."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.customers import change_customer, read_customer
from chalicelib.banking.customer.models import CustomerStatus, StatusChange
from chalicelib.banking.wiring import endpoint
from fintegrate.errors import Conflict
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/change-status", methods=["PATCH"])
@endpoint(
    StatusChange,
    gives=CustomerStatus,
    looks_up=True,
    conflict="The customer is in this status already",
)
def change_status(call: Call[StatusChange]) -> Answer:
    """Change a customer's status and tell its consumer."""
    customer_id, status = call.body.customer_id, call.body.status
    event = change_customer(call, "change_status", customer_id=str(customer_id), status=status)
    if event is None:
        read_customer(call, customer_id)  # raises NotFound if there is none
        raise Conflict(f"Customer {customer_id} is already {status}")
    data = {
        "customer_id": event["customer_id"],
        "status": status,
        "updated_at": event["created_at"],
    }
    return Answer(data, event)
