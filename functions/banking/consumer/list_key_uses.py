"""GET /consumer/api-key/uses: what was written with a key. For the night when a key has leaked.

It finds events and audit rows. What leaves neither, such as tags and confirmations, stands in the log,
where each request's line bears the key's public id.
"""

from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.consumer.key_uses import list_uses
from chalicelib.banking.consumer.models import KeyUsePage, KeyUseQuestion
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@consumer.route("/consumer/api-key/uses", methods=["GET"])
@endpoint(KeyUseQuestion, gives=KeyUsePage, access=Access.ADMIN, looks_up=True)
def list_key_uses(call: Call[KeyUseQuestion]) -> Answer:
    """List the rows written with a key, newest first."""
    return Answer(list_uses(call.db, call.body))
