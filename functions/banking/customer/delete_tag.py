"""DELETE /customer/tag: removes a tag."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.tag_models import TagRef
from chalicelib.banking.customer.tags import change_tag
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/tag", methods=["DELETE"])
@endpoint(TagRef, transaction=True, looks_up=True)
def delete_tag(call: Call[TagRef]) -> Answer:
    """Remove a tag from a customer."""
    change_tag(call, "delete_tag", parts().settings)
    return Answer()
