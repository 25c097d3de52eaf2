"""POST /consumer/deactivate-api-key: deactivates a key at once and for good."""

from chalicelib.banking.consumer import keys
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.key_acts import would_deactivate
from chalicelib.banking.consumer.models import ApiKeyDeactivated, KeyToDeactivate
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, check_expected, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/deactivate-api-key", methods=["POST"])
@endpoint(
    KeyToDeactivate,
    gives=ApiKeyDeactivated,
    access=Access.ADMIN,
    looks_up=True,
    conflict="The key is not active, or is the admin's only one",
)
def deactivate_api_key(call: Call[KeyToDeactivate]) -> Answer:
    """Deactivate a key."""
    require_reason(call)
    if call.body.dry_run:
        return Answer(would_deactivate(call.db, call.body.api_key))
    check_expected(call.body.expected_count, 1)
    owner_id = keys.deactivate_key(call.db, call.body.api_key)
    done = audited(call, owner_id, {})
    return Answer(after_commit=parts().revocations.keep_now, audited=done)
