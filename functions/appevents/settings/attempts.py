"""The event of a viewer who gives a feed's passcode."""

from __future__ import annotations

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.settings import AccessAttempt
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.sealed_fields import SealedFields
from chalicelib.appevents.settings.granting import Asked, Denied, Granting
from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Unreadable
from fintegrate.database import Database
from fintegrate.messaging.inbox import NotYet, Rejected

GRANTED, DENIED = "feed.access.granted", "feed.access.denied"


def attempt_access(
    granting: Granting, sealed: SealedFields, _db: Database, event: Event[AccessAttempt]
) -> Reply:
    """Grant or deny; the token in the answer is sealed for the viewer.

    Raises:
        Rejected: the passcode was sealed for something else.
        NotYet: the key is missing that sealed it.
    """
    told = _opened(sealed, event)
    owner_id = str(told.feed_owner_id)
    decided = granting.decide(Asked(owner_id, event.user_id, told.passcode, event.id))
    if isinstance(decided, Denied):
        return _denied(owner_id, decided)
    said = {
        "feed_owner_id": owner_id,
        "access_token": decided.token,
        "expires_at": decided.expires_at,
        "access_version": decided.access_version,
    }
    return Reply(GRANTED, sealed.seal(GRANTED, event.user_id, event.id, said))


def _denied(owner_id: str, denied: Denied) -> Reply:
    wait = denied.retry_after or None
    said = {"feed_owner_id": owner_id, "reason": denied.reason, "retry_after_seconds": wait}
    return Reply(DENIED, said)


def _opened(sealed: SealedFields, event: Event[AccessAttempt]) -> AccessAttempt:
    try:
        told = sealed.open(event.type, event.user_id, event.id, event.data.model_dump())
    except KeyMissing as error:
        raise NotYet("key_missing", f"APP_KEYS: {error}") from None
    except (Unreadable, Misplaced) as error:
        raise Rejected("unreadable_secret", str(error)) from None
    return AccessAttempt.model_validate(told)
