"""POST /consumer/api-key: issues a key for a consumer. Only this answer shows it."""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.keys import issue_key
from chalicelib.banking.consumer.models import ApiKeyIssued, NewApiKey
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/api-key", methods=["POST"])
@endpoint(
    NewApiKey,
    gives=ApiKeyIssued,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    idempotency=False,
    schemes=("ApiKey",),
    looks_up=True,
    conflict="An active key exists and `rotate` is false",
)
def create_api_key(call: Call[NewApiKey]) -> Answer:
    """Issue a key; with `rotate` the old one stops at once, or after `overlap_minutes`."""
    keys = parts().keys
    key = keys.new()
    issue_key(
        call.db,
        str(call.body.consumer_id),
        key,
        rotate=call.body.rotate,
        overlap_minutes=call.body.overlap_minutes,
        expires_in_days=call.body.expires_in_days,
        cost=parts().settings.api_key_bcrypt_cost,
    )
    return Answer({"api_key": keys.text(key)}, after_commit=parts().revocations.keep_now)
