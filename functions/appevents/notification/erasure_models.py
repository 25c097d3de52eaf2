"""The models of the requests to erase a user, and of their answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from typing_extensions import TypedDict

from chalicelib.appevents.notification.models import Status
from fintegrate.console.acts import ActReason, WithReason
from fintegrate.http.validation import Described, RequestModel

_ID = "550e8400-e29b-41d4-a716-446655440000"
_AT = "2026-11-26T10:00:00.000000Z"
_REASON = Described("Why it is erased; it stays, so it must not name the person", "ticket 4711")
UserId = Annotated[UUID, Described("The user: the subject of its tokens", _ID)]


class UserToErase(WithReason):
    """Whom to erase, and why."""

    user_id: UserId
    reason: Annotated[ActReason, _REASON]


class ErasedUser(RequestModel):
    """Whose erasure to read."""

    user_id: UserId


class ServiceErasure(TypedDict):
    """What became of the request to one service."""

    service: Annotated[str, Described("The service", "machine")]
    client_generated_id: Annotated[str, Described("The id of the request, an event", _ID)]
    status: Status
    reason: Annotated[str | None, Described("Why it was rejected: a stable code", None)]


class UserErasure(TypedDict):
    """The last erasure of a user. It is finished when every service has processed its request."""

    user_id: Annotated[str, Described("The user", _ID)]
    reason: Annotated[str | None, _REASON]
    begun_at: Annotated[datetime | None, Described("When it was asked for; null if never", _AT)]
    is_finished: Annotated[bool, Described("Whether all services have answered", True)]
    services: list[ServiceErasure]
