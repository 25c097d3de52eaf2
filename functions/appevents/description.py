"""What the API document says of app.events as a whole. Endpoints and fields describe themselves."""

from chalicelib.appevents.access import API_KEY
from chalicelib.appevents.access import BEARER as TOKEN
from chalicelib.appevents.access import PASS as OF_CONSOLE
from fintegrate.openapi.description import BEARER, KEY, PASS, Description, Refusal

OVERVIEW = """\
A phone sends what its user did as events. Each event is stored, published in the user's order, and acted
on once by the service that it is for. Its outcome is read by its id.

Every answer is an envelope: `data`, and `detail` with the status as text and a sentence. Send your token
as `Authorization: Bearer <token>`. The client makes the id of an event, so a repeat needs no header.
"""
DESCRIPTION = Description(
    title="Fintegrate app.events",
    version="0.1.0",
    overview=OVERVIEW,
    has_reasons=True,
    schemes={TOKEN: BEARER, API_KEY: KEY},
    further={OF_CONSOLE: PASS},
    refusals={
        401: Refusal(
            "The token is missing or not valid",
            "The token is not valid; send a valid one as Authorization: Bearer <token>",
        ),
        403: Refusal("The caller may not do this", "user_id must be your own; leave it out"),
        502: Refusal(
            "The AI cannot be reached, refuses our key, or gave no usable answer",
            "The AI cannot be reached; try again later",
        ),
        504: Refusal(
            "The AI did not answer in time", "The AI did not answer in time; try again later"
        ),
        429: Refusal(
            "A rate limit is reached",
            "Rate limit of 120 requests a minute reached for this user; try again in 2 s",
        ),
    },
)
