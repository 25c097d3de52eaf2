"""What the API document says of the relay as a whole. Endpoints and fields describe themselves."""

from fintegrate.openapi.description import BASIC, PASS, Description, Refusal

OVERVIEW = """\
An order system reports what happened to orders; each event reaches every destination of its storefront
(a tag manager, advertising and analytics platforms, webhooks) at least once under one unchanging id, or
ends visibly with a reason.

Every answer is an envelope: `data`, and `detail` with the status as text and a sentence. Send your user
and password by HTTP Basic; the console's page sends a pass instead. A batch sent again is all
duplicates, so a repeat needs no header.
"""
DESCRIPTION = Description(
    title="Fintegrate relay",
    version="0.1.0",
    overview=OVERVIEW,
    schemes={"Basic": BASIC},
    further={"Pass": PASS},
    refusals={
        401: Refusal(
            "The user or the password is missing or wrong",
            "Send your user and password by HTTP Basic",
        ),
        403: Refusal(
            "The user may not call this endpoint",
            "This endpoint is for users with the role admin",
        ),
        429: Refusal(
            "A rate limit is reached",
            "Rate limit of 600 requests a minute reached for this user; try again in 2 s",
        ),
    },
)
