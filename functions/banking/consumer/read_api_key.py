"""GET /consumer/api-key: the status of a key. The key itself is never shown again.

The request has the whole key or its public id. Prefer the public id, or a JSON body: a query string is
part of the URL, and proxies between the caller and us may log URLs. Our own gateway and functions log
at most the names of parameters.
"""

from chalicelib.banking.consumer import keys
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.models import ApiKeyData, ApiKeyQuestion
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@consumer.route("/consumer/api-key", methods=["GET"])
@endpoint(ApiKeyQuestion, gives=ApiKeyData, looks_up=True)
def read_api_key(call: Call[ApiKeyQuestion]) -> Answer:
    """Read a key's status; a tenant asks for its own keys, the admin for any."""
    key_id = call.body.api_key or call.caller.key_id
    owner_id = None if call.caller.is_admin else call.caller.owner_id
    return Answer(keys.read_key(call.db, key_id, owner_id))
