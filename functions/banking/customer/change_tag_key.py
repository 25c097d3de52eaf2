"""PATCH /customer/tag-key: changes a tag's key and keeps its value."""

from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.tag_models import NewTagKey
from chalicelib.banking.customer.tags import rename_tag
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/tag-key", methods=["PATCH"])
@endpoint(
    NewTagKey,
    transaction=True,
    looks_up=True,
    conflict="A tag of the new key exists, or the tags would be too large together",
)
def change_tag_key(call: Call[NewTagKey]) -> Answer:
    """Give a tag another key."""
    rename_tag(call, parts().settings)
    return Answer()
