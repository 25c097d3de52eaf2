"""The stretch of time that a request is about: `from` and `to`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from fintegrate.http.validation import Described, Instant, RequestModel


class Span(RequestModel):
    """Fields of a request: from when on, and before when. Either may be left out."""

    begin: Annotated[
        Annotated[Instant | None, Field(alias="from")],
        Described("Only what is of this time or later", "2026-01-15T09:30:00+00:00"),
    ] = None
    end: Annotated[
        Annotated[Instant | None, Field(alias="to")],
        Described("Only what is of a time before", "2026-01-16T09:30:00+00:00"),
    ] = None

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.begin is not None and self.end is not None and self.begin >= self.end:
            raise ValueError("from must be before to")
        return self
