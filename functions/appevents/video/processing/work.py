"""Takes an uploaded video to what is told of it.

The work takes minutes, so it is done before the transaction that writes what became of it. It is begun
only if nothing was told of it before. Each start is noted, because the function may die meanwhile: at
the third one without an end the video is given up, as `fintegrate.messaging.inbox` does with messages.

The broker hands a message out again when it loses the connection, though its function is at work. So
who works on a video holds a lock, and another one waits until it is over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.appevents.consuming import SQL as INBOX
from chalicelib.appevents.consuming import Handler
from chalicelib.appevents.envelope import Event, read
from chalicelib.appevents.events.video import Uploaded
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.video.processing.failing import CannotBeShown
from chalicelib.appevents.video.processing.making import make
from fintegrate.database import Database
from fintegrate.errors import Unavailable
from fintegrate.messaging.copies import attempt_of, identity_of
from fintegrate.messaging.inbox import MOST_STARTS, NotYet, Outage, Rejected
from fintegrate.messaging.queue_function import QueueMessage
from fintegrate.queries import queries_beside
from fintegrate.storage.signing import Signer
from fintegrate.storage.store import StoreAway
from fintegrate.workspace import NoRoom

SQL = queries_beside(__name__)
log = logging.getLogger(__name__)
SPARE_SECONDS = 30.0
"""ffmpeg is killed so long before the function's end."""
END_SECONDS = 10.0
"""Less than is spared: a try may take some seconds itself."""
UPLOADED = "media.uploaded"


@dataclass(frozen=True, slots=True)
class Worker:
    """Processes videos; `most_attempts` is how often one may be tried again."""

    database: Database
    signer: Signer
    most_attempts: int

    def handler(self, message: QueueMessage, seconds_left: Callable[[], float]) -> Handler:
        """Do the work of a message; returns what writes its end."""
        try:
            event = read(message).event
        except Rejected:
            return _nothing  # the inbox says why
        if event is None or event.type != UPLOADED:
            return _nothing
        try:
            reply = self._reply(event, message, seconds_left)
        except Unavailable as error:
            return _raising(Outage(str(error)))
        except Outage as error:
            return _raising(error)
        except Exception as error:  # raised, it would come back and keep the lane from all others
            if attempt_of(message) < self.most_attempts:
                return _raising(error)
            log.warning("video %s is given up: %r", event.data.video_id, error)
            reply = _failed(event, CannotBeShown("gave_up"))
        return lambda _db, _event: reply

    def _reply(
        self, event: Event[Uploaded], message: QueueMessage, seconds_left: Callable[[], float]
    ) -> Reply | None:
        video = {"video_id": str(event.data.video_id), "user_id": event.user_id}
        if self.database.fetch_one(SQL["find_key"], {**video, "id": event.id}, revive=True):
            return None
        with self._alone_on(video):
            return self._begun(event, video, message, seconds_left)

    @contextmanager
    def _alone_on(self, video: Mapping[str, str]) -> Iterator[None]:
        lock = self.database.fetch_one(SQL["take"], video)
        if lock is None or not lock["taken"]:
            raise Outage("another function is at work on this video")
        try:
            yield
        finally:
            with suppress(Unavailable):  # the lock has gone with the connection
                self.database.fetch_one(SQL["let_go"], video)

    def _begun(
        self,
        event: Event[Uploaded],
        video: Mapping[str, str],
        message: QueueMessage,
        seconds_left: Callable[[], float],
    ) -> Reply | None:
        begun = {**video, "etag": event.data.etag}
        if not self.database.execute(SQL["begin"], begun):
            return None  # the video is settled, or is none
        noted = f"work {identity_of(message)}"
        starts = self.database.fetch_one(INBOX["begin"], {"message": noted})
        if starts is not None and starts["starts"] >= MOST_STARTS:
            reply = _failed(event, CannotBeShown("gave_up"))
        else:
            try:
                reply = self._done(event, seconds_left)
            except Exception:  # it did not die: the next try is no further start
                self._end(noted)
                raise
        self._end(noted)
        return reply

    def _end(self, noted: str) -> None:
        """Say that the function did not die. What was done is not lost if that cannot be said."""
        deadline = time.monotonic() + END_SECONDS
        while True:
            try:
                self.database.execute(INBOX["end"], {"messages": [noted]})
                return
            except Unavailable:  # the database may come back before the message does
                if time.monotonic() > deadline:
                    return
                time.sleep(1.0)

    def _done(self, event: Event[Uploaded], seconds_left: Callable[[], float]) -> Reply:
        deadline = time.monotonic() + seconds_left() - SPARE_SECONDS
        try:
            return Reply("media.processed", make(self.signer, event.data, deadline))
        except CannotBeShown as failure:
            return _failed(event, failure)
        except StoreAway as error:
            raise NotYet("store_away", error.description) from None
        except NoRoom:
            raise NotYet("no_room", "There is no room to process the video") from None


def _failed(event: Event[Uploaded], failure: CannotBeShown) -> Reply:
    said = {"reason_code": failure.code, "reason": failure.reason}
    return Reply("media.failed", {"video_id": event.data.video_id, **said})


def _nothing(_db: Database, _event: Event[Any]) -> None:
    """There is nothing to tell."""


def _raising(error: Exception) -> Handler:
    def handler(_db: Database, _event: Event[Any]) -> None:
        raise error

    return handler
