"""What a request for groups of the relay's failures takes."""

from typing import Annotated

from pydantic import Field

from chalicelib.relay.console.overview_models import Stream
from fintegrate.http.validation import Described, Instant, RequestModel


class Failures(RequestModel):
    """Which failures to group."""

    begin: Annotated[
        Instant | None,
        Field(alias="from"),
        Described("Only events that came since then", "2026-01-15T09:30:00+00:00"),
    ] = None
    stream: Stream = None
