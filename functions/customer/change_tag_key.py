"""PATCH /customer/tag-key: a tag gets another key and keeps its value."""

from chalicelib.customer.blueprint import customer
from chalicelib.customer.tag_models import NewTagKey
from chalicelib.customer.tags import rename_tag
from chalicelib.platform import endpoint
from fintegrate.endpoint import Answer, Call


@customer.route("/customer/tag-key", methods=["PATCH"])
@endpoint(NewTagKey, transaction=True)
def change_tag_key(call: Call[NewTagKey]) -> Answer:
    """Give a tag another key."""
    rename_tag(call)
    return Answer()
