"""DELETE /customer/data: deletes a customer. Its events and snapshots stay."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.customers import change_customer, lock_customer
from chalicelib.banking.customer.models import CustomerRef
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/data", methods=["DELETE"])
@endpoint(CustomerRef, transaction=True, looks_up=True)
def delete_customer(call: Call[CustomerRef]) -> Answer:
    """Delete a customer with its tags and tell its consumer."""
    lock_customer(call, call.body.customer_id)
    event = change_customer(call, "delete_customer", customer_id=str(call.body.customer_id))
    return Answer(event=event)
