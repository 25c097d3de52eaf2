"""GET /customer/erasures: which customers were erased, when, and why."""

from chalicelib.banking.customer import erasing
from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.erasure_models import ErasureListing, ErasurePage
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/erasures", methods=["GET"])
@endpoint(ErasureListing, gives=ErasurePage, looks_up=True)
def list_erasures(call: Call[ErasureListing]) -> Answer:
    """List erasures, newest first: the caller's, or for the admin all consumers'."""
    return Answer(erasing.list_page(call.db, call.body, scope_of(call, call.body.consumer_id)))
