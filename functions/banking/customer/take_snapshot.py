"""POST /customer/analytics: stores a snapshot of a customer's tags and figures."""

from chalicelib.banking.customer import snapshots
from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.models import CustomerRef
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/analytics", methods=["POST"])
@endpoint(
    CustomerRef,
    status=201,
    transaction=True,
    looks_up=True,
    conflict="The customer, or the consumer, has as many snapshots as are kept",
)
def take_snapshot(call: Call[CustomerRef]) -> Answer:
    """Take a snapshot of a customer."""
    snapshots.take_snapshot(call, parts().settings)
    return Answer()
