"""What requests about events take and what their answers give."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints, model_validator

from fintegrate.validation import RequestModel, Text

Reason = Annotated[Text, StringConstraints(max_length=1000)]
ProcessingStatus = Literal["received", "processed", "failed"]


class Confirmation(RequestModel):
    """What the consumer says became of an event."""

    event_id: UUID
    status: ProcessingStatus
    received_at: AwareDatetime | None = None
    failure_reason: Reason | None = None

    @model_validator(mode="after")
    def _reason_belongs_to_failure(self) -> Confirmation:
        if self.failure_reason is not None and self.status != "failed":
            raise ValueError("failure_reason: only goes with status failed")
        return self
