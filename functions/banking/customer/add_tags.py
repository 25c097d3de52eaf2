"""POST /customer/tag: adds tags to a customer, all or none."""

from chalicelib.banking.customer import tags
from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.tag_models import NewTags
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/tag", methods=["POST"])
@endpoint(
    NewTags,
    status=201,
    transaction=True,
    looks_up=True,
    conflict="Tags of these keys exist, or the customer would have too many",
)
def add_tags(call: Call[NewTags]) -> Answer:
    """Add tags to a customer, all or nothing."""
    tags.add_tags(call, parts().settings)
    return Answer()
