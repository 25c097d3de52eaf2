"""GET /api/v1/feed-access/jwks.json: the public keys that verify feed access tokens."""

from chalicelib.appevents.settings.blueprint import feed_keys
from chalicelib.appevents.settings.models import KeySet
from chalicelib.appevents.settings.signing_keys import public_keys
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Access, Answer, Call, Nothing
from fintegrate.http.envelope import dumps

endpoint = endpoint_of("settings")
REMEMBERED = "public, max-age=60"


@feed_keys.route("/api/v1/feed-access/jwks.json", methods=["GET"])
@endpoint(Nothing, gives=KeySet, access=Access.OPTIONAL, media_type="application/json")
def read_feed_keys(call: Call[Nothing]) -> Answer:
    """The key that signs, and former ones as long as their tokens may last: a JSON Web Key Set.

    For anybody, as often as an address may call.
    """
    own = parts()
    keys = public_keys(call.db, own.sealing(), own.settings.feed_access_seconds)
    return Answer(dumps(keys), headers={"Cache-Control": REMEMBERED})
