"""POST /consumer/api-key: issues a key for a consumer. Only this answer shows it."""

from typing import Any

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.key_acts import would_issue
from chalicelib.banking.consumer.keys import issue_key
from chalicelib.banking.consumer.models import ApiKeyIssued, NewApiKey
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited, check_expected, require_reason
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
    conflict="An active key exists and `rotate` is false, or the onboarding is not finished",
)
def create_api_key(call: Call[NewApiKey]) -> Answer:
    """Issue a key; with `rotate` the old one stops at once, or after `overlap_minutes`."""
    require_reason(call)
    keys, body, consumer_id = parts().keys, call.body, str(call.body.consumer_id)
    how: dict[str, Any] = {"rotate": body.rotate, "overlap_minutes": body.overlap_minutes}
    if body.dry_run:
        return Answer(would_issue(call.db, consumer_id, **how))
    check_expected(body.expected_count, 1)
    key, cost = keys.new(), parts().settings.api_key_bcrypt_cost
    issue_key(call.db, consumer_id, key, **how, expires_in_days=body.expires_in_days, cost=cost)
    done = audited(call, consumer_id, {})
    answer = {"api_key": keys.text(key)}
    return Answer(answer, after_commit=parts().revocations.keep_now, audited=done)
