"""What the API document says of banking as a whole. Endpoints and fields describe themselves."""

from fintegrate.openapi.description import BEARER_KEY, KEY, SESSION, Description, Refusal

VERSION = "1.0.0"
OVERVIEW = """\
Banking systems (consumers) keep their customers here; every change becomes an event that reaches the
consumer's queue, in order per customer, at least once, and is confirmed.

Every answer is an envelope: `data`, and `detail` with the status as text and a sentence. On an error
`data` is empty and the sentence says what is wrong and what to do. Unknown fields are refused. A GET
takes its fields as query parameters, or as a JSON body when there are none. Times are ISO 8601 in
UTC; UUIDs are lower case with dashes. The gateway itself may answer 404 or 405 for what does not
exist, 429 for too many requests of one address, and 502 or 504 when a function fails or takes longer
than 29 s, all in the same envelope.

Send your API key in `X-API-Key`. The console's page sends a cookie instead, with the header
`X-Console: 1`, or `X-Console: poll` for what nobody has clicked. Send an `Idempotency-Key` with a POST
to be able to repeat it: for 24 hours the same key and body get the stored answer. Bodies are compared
as JSON.

A page may have fewer entries than `limit`, because its answer ends before 5 MiB: go by `next_cursor`.
"""
DESCRIPTION = Description(
    title="Fintegrate",
    version=VERSION,
    overview=OVERVIEW,
    schemes={"ApiKey": KEY, "Session": SESSION},
    further={"BearerKey": BEARER_KEY},
    refusals={
        401: Refusal(
            "The key is missing, malformed, unknown, expired or deactivated; or the session is over",
            "X-API-Key is missing; send your API key in this header",
        ),
        403: Refusal(
            "The key is good, but its consumer is deactivated, the endpoint is the admin's or the "
            "session may only look; or a cookie came from another page",
            "This endpoint is the admin's; use an endpoint of your own consumer",
        ),
        404: Refusal(
            "There is no such thing for this consumer, whether another one has it or not",
            "No such customer; check customer_id",
        ),
        422: Refusal(
            "A field is missing, unknown, of the wrong type, out of range, too long or blank",
            "status: must be ACTIVE or INACTIVE, got 'japapa'",
        ),
        429: Refusal(
            "A rate limit is reached, or the consumer's bound of customers or of a day's events",
            "Rate limit of 50 requests a minute reached for this API key; try again in 2 s",
        ),
    },
)
