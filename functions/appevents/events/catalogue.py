"""Every type of event: who sends it, who acts on it, and the model of its data.

The models of a service's events are in the module of its name here, which is imported when an event of
it is read. So no function pays for the events of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import NamedTuple

from fintegrate.http.validation import RequestModel

CLIENT = "frontend"
"""The `source_service` of clients' events."""
OPERATOR = "operator"
"""The `source_service` of what an operator asks of the services."""
REJECTED = "event.rejected"


class EventType(NamedTuple):
    """A type of event."""

    told_by: str
    """`frontend`, `operator`, or the service that publishes it. Empty: every service may."""
    read_by: tuple[str, ...]
    """The services whose queues it reaches."""
    model: str
    """`<module>.<class>` below this package."""
    secrets: tuple[str, ...] = ()
    """The fields that are sealed in every row and on the wire."""
    is_news: bool = False
    """Whether a service publishes it without answering a client's event."""

    @property
    def is_accepted(self) -> bool:
        """Whether `notification` accepts it from outside, and waits for the answer of its service."""
        return self.told_by in {CLIENT, OPERATOR}


def _from_clients(service: str, model: str, *secrets: str) -> EventType:
    return EventType(CLIENT, (service,), f"{service}.{model}", secrets)


def _outcome(service: str, model: str, *secrets: str) -> EventType:
    return EventType(service, ("notification",), f"{service}.{model}", secrets)


def _news(service: str, model: str) -> EventType:
    return EventType(service, ("notification",), f"{service}.{model}", is_news=True)


def _erasure(service: str) -> dict[str, EventType]:
    return {
        f"{service}.user.erase_requested": EventType(
            OPERATOR, (service,), "erasure.EraseRequested"
        ),
        f"{service}.user.erased": EventType(service, ("notification",), "erasure.UserErased"),
    }


HOLDERS = ("machine", "program", "dm", "settings", "video", "notification")
"""The services that keep what is a user's."""
TYPES: Mapping[str, EventType] = {
    "machine.note.saved": _from_clients("machine", "NoteSaved"),
    "machine.note.deleted": _from_clients("machine", "NoteDeleted"),
    "machine.note.persisted": _outcome("machine", "NotePersisted"),
    "equipment.prefs.submitted": _from_clients("machine", "PrefsSubmitted"),
    "equipment.prefs.persisted": _outcome("machine", "PrefsPersisted"),
    "program.created": _from_clients("program", "ProgramCreated"),
    "program.updated": _from_clients("program", "ProgramUpdated"),
    "program.archived": _from_clients("program", "ProgramArchived"),
    "program.persisted": _outcome("program", "ProgramPersisted"),
    "workout.created": _from_clients("program", "WorkoutCreated"),
    "workout.updated": _from_clients("program", "WorkoutUpdated"),
    "workout.deleted": _from_clients("program", "WorkoutDeleted"),
    "workout.persisted": _outcome("program", "WorkoutPersisted"),
    "workout.session.logged": _from_clients("program", "SessionLogged"),
    "workout.session.persisted": _outcome("program", "SessionPersisted"),
    "workout.reminder_due": _news("program", "ReminderDue"),
    "dm.conversation.started": _from_clients("dm", "ConversationStarted"),
    "dm.conversation.persisted": _outcome("dm", "ConversationPersisted"),
    "dm.message.sent": _from_clients("dm", "MessageSent"),
    "dm.message.read": _from_clients("dm", "MessageRead"),
    "dm.message.persisted": _outcome("dm", "MessagePersisted"),
    "user.settings.submitted": _from_clients("settings", "UserSettingsSubmitted"),
    "user.settings.persisted": _outcome("settings", "UserSettingsPersisted"),
    "app.settings.submitted": _from_clients("settings", "AppSettingsSubmitted"),
    "app.settings.persisted": _outcome("settings", "AppSettingsPersisted"),
    "feed.access.attempt": _from_clients("settings", "AccessAttempt", "passcode"),
    "feed.access.granted": EventType(
        "settings", ("notification", "video"), "settings.AccessGranted", ("access_token",)
    ),
    "feed.access.denied": _outcome("settings", "AccessDenied"),
    "feed.visibility.changed": EventType("settings", ("video",), "settings.VisibilityChanged"),
    "media.upload_requested": _from_clients("video", "UploadRequested"),
    "media.upload_ready": _outcome("video", "UploadReady", "upload"),
    "media.uploaded": EventType("video", ("processing",), "video.Uploaded"),
    "media.processed": EventType("video", ("video",), "video.Processed"),
    "media.failed": EventType("video", ("video", "notification"), "video.Failed", is_news=True),
    "comment.created": _from_clients("video", "CommentCreated"),
    "comment.deleted": _from_clients("video", "CommentDeleted"),
    "comment.persisted": _outcome("video", "CommentPersisted"),
    "interaction.liked": _from_clients("video", "Liked"),
    "interaction.unliked": _from_clients("video", "Liked"),
    "interaction.persisted": _outcome("video", "LikePersisted"),
    "feed.post.delete_requested": _from_clients("video", "DeleteRequested"),
    "feed.post.deleted": _outcome("video", "PostDeleted"),
    "feed.post.created": _news("video", "PostCreated"),
    REJECTED: EventType("", ("notification",), "service.EventRejected"),
    **{name: each for service in HOLDERS for name, each in _erasure(service).items()},
}


@cache
def model_of(event_type: str) -> type[RequestModel]:
    """The model of what events of this type say."""
    module, _, name = TYPES[event_type].model.partition(".")
    model: type[RequestModel] = getattr(
        import_module(f"chalicelib.appevents.events.{module}"), name
    )
    return model


def read_by(service: str) -> list[str]:
    """The types that a service's queue gets: its routing keys, each in full."""
    return [name for name, each in TYPES.items() if service in each.read_by]


def with_secrets() -> dict[str, tuple[str, ...]]:
    """The types whose events have secret fields, and these: for whoever erases them."""
    return {name: each.secrets for name, each in TYPES.items() if each.secrets}
