"""PATCH /customer/tag-value: changes a tag's value."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.tag_models import NewTagValue
from chalicelib.banking.customer.tags import change_tag
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/tag-value", methods=["PATCH"])
@endpoint(
    NewTagValue, transaction=True, looks_up=True, conflict="The tags would be too large together"
)
def change_tag_value(call: Call[NewTagValue]) -> Answer:
    """Give a tag another value."""
    change_tag(call, "set_tag_value", parts().settings)
    return Answer()
