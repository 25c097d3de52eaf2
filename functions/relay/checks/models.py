"""What the answers about checks give."""

from typing import Annotated, Literal

from typing_extensions import TypedDict

from fintegrate.http.validation import Described


class CheckResult(TypedDict):
    """What came of a check."""

    outcome: Annotated[
        Literal[
            "delivered",
            "refused",
            "configuration",
            "overload",
            "outage",
            "unknown",
            "skipped",
            "expired",
            "postponed",
            "nothing_pending",
            "not_sent",
            "fault",
            "waiting",
        ],
        Described(
            "What the answer means. `not_sent`: `message` says what is missing; `waiting`: the function "
            "that sends has not come to it",
            "delivered",
        ),
    ]
    event: Annotated[int | None, Described("The number of the event that was sent", None)]
    platform_code: Annotated[str | None, Described("The platform's own code", None)]
    message: Annotated[str | None, Described("The platform's words, without secrets", "{}")]
    http_status: Annotated[int | None, Described("The status of the answer", 200)]
    duration_ms: Annotated[int | None, Described("How long it took", 41)]
