"""POST /consumer/deactivate-api-key: deactivates a key at once and for good."""

from chalicelib.banking.consumer import keys
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ApiKeyRef
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/deactivate-api-key", methods=["POST"])
@endpoint(
    ApiKeyRef,
    access=Access.ADMIN,
    looks_up=True,
    conflict="The key is not active, or is the admin's only one",
)
def deactivate_api_key(call: Call[ApiKeyRef]) -> Answer:
    """Deactivate a key."""
    keys.deactivate_key(call.db, call.body.api_key)
    return Answer(after_commit=parts().revocations.keep_now)
