"""Fields that several services share: their meaning, and one example each for the API document."""

from typing import Annotated
from uuid import UUID

from fintegrate.http.validation import Described

CustomerId = Annotated[UUID, Described("The customer's id", "7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10")]
ConsumerId = Annotated[UUID, Described("The consumer's id", "2f1c9a54-8d3e-4b7a-a1c6-5e9f0b2d7c31")]
EventId = Annotated[UUID, Described("The event's id", "c4a1d2e3-6f70-4b81-92a3-b4c5d6e7f809")]
