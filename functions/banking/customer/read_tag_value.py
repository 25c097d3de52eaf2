"""GET /customer/tag-value: the value of one tag."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.tag_models import TagRef, TagValueData
from chalicelib.banking.customer.tags import read_tag
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/tag-value", methods=["GET"])
@endpoint(TagRef, gives=TagValueData, looks_up=True)
def read_tag_value(call: Call[TagRef]) -> Answer:
    """Read the value of a tag."""
    return Answer({"tag_value": read_tag(call)})
