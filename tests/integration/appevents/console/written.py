"""Events and uploads as the functions leave them, written by tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

Query = Callable[..., list[dict[str, Any]]]


def write_event(
    query: Query,
    event_type: str = "machine.note.saved",
    *,
    age: float = 0,
    published: bool = True,
    code: str | None = None,
    processed: bool = False,
    user_id: str | None = None,
    event_id: str | None = None,
    words: str | None = None,
) -> str:
    """Write an event of that age in seconds; returns its id in the console.

    `event_id`: as its client has made it. With a `code` it was rejected.
    """
    event_id, user_id = event_id or str(uuid.uuid4()), user_id or str(uuid.uuid4())
    status = "rejected" if code else "processed" if processed else None
    query(
        "notify",
        "INSERT INTO events (user_id, client_generated_id, event_type, sequence, payload, content_hash,"
        " told_at, effective_at, received_at, request_id, publish_status, published_at,"
        " publish_failure_reason, outcome_status, outcome_event_type, outcome_at, outcome_code,"
        " outcome_reason)"
        " SELECT %(user_id)s, %(event_id)s, %(event_type)s,"
        " (SELECT count(*) + 1 FROM events WHERE user_id = %(user_id)s), '{\"body\": \"a secret\"}', '',"
        " at, at, at, 'r-1', CASE WHEN %(published)s THEN 'published' ELSE 'pending' END,"
        " CASE WHEN %(published)s THEN at + interval '10 milliseconds' END, %(words)s, %(status)s,"
        " CASE WHEN %(status)s = 'rejected' THEN 'event.rejected' END,"
        " CASE WHEN %(status)s IS NOT NULL THEN at + interval '250 milliseconds' END, %(code)s, %(code)s"
        " FROM (SELECT now() - make_interval(secs => %(age)s) AS at) moment",
        user_id=user_id,
        event_id=event_id,
        event_type=event_type,
        age=age,
        published=published,
        words=words,
        status=status,
        code=code,
    )
    return f"{event_id}.{user_id}"


def write_letter(
    query: Query,
    event_id: str | None,
    service: str = "machine",
    code: str = "gave_up",
    *,
    is_open: bool = True,
    event_type: str | None = None,
) -> str:
    """Write a dead letter of an event; returns its id."""
    own, _, user_id = (event_id or "").partition(".")
    (row,) = query(
        "notify",
        "INSERT INTO dead_letters (service, user_id, client_generated_id, message_id, event_type,"
        " error_code, error, attempt, body, headers, failed_at, redriven_at, fingerprint)"
        " SELECT %(died_in)s,"
        " %(user_id)s, %(event_id)s,"
        " 'm', coalesce(%(event_type)s,"
        " (SELECT event_type FROM events"
        " WHERE client_generated_id = %(event_id)s AND user_id = %(user_id)s)),"
        " %(code)s, 'some words', 5, 'x', '{}', now(), CASE WHEN NOT %(is_open)s THEN now() END,"
        " gen_random_uuid()::text"
        " RETURNING dead_letter_id",
        event_id=own or None,
        user_id=user_id or None,
        died_in=service,
        code=code,
        is_open=is_open,
        event_type=event_type,
    )
    return str(row["dead_letter_id"])


def write_upload(
    query: Query,
    status: str,
    *,
    age: float = 0,
    uploaded_age: float | None = None,
    code: str | None = None,
    user_id: str | None = None,
) -> str:
    """Write an upload that was asked for so many seconds ago; returns its id in the console."""
    video_id = str(uuid.uuid4())
    is_uploaded = status not in ("awaiting_upload", "expired")
    query(
        "video",
        "INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, title, status, etag,"
        " failure_code, failure_reason, created_at, expires_at, uploaded_at, settled_at)"
        " SELECT %(video_id)s, %(user_id)s, 'a private name.mp4', 'video/mp4', 5, 'a private title',"
        " %(status)s, CASE WHEN %(is_uploaded)s THEN 'etag' END, %(code)s, %(code)s,"
        " now() - make_interval(secs => %(age)s), now() + interval '1 day',"
        " CASE WHEN %(is_uploaded)s THEN now() - make_interval(secs => %(uploaded_age)s) END,"
        " CASE WHEN %(status)s IN ('processed', 'failed', 'expired') THEN now() END",
        video_id=video_id,
        user_id=user_id or str(uuid.uuid4()),
        status=status,
        is_uploaded=is_uploaded,
        age=age,
        uploaded_age=age if uploaded_age is None else uploaded_age,
        code=code or ("damaged" if status == "failed" else None),
    )
    return f"upload-{video_id}"


def _dead(query: Query) -> str:
    event_id = write_event(query, age=50, code="gave_up")
    write_letter(query, event_id)
    return event_id


def _redriven(query: Query) -> str:
    event_id = write_event(query, age=40, code="id_taken")
    write_letter(query, event_id, code="id_taken", is_open=False)
    return event_id


STATES = {
    "waiting": lambda query: write_event(query, published=False, age=10, words="nacked"),
    "in_queue": lambda query: write_event(query, age=20),
    "processed": lambda query: write_event(query, age=30, processed=True),
    "rejected": _redriven,
    "dead_lettered": _dead,
    "presigned": lambda query: write_upload(query, "awaiting_upload", age=15),
    "uploaded": lambda query: write_upload(query, "uploaded", age=25),
    "processing": lambda query: write_upload(query, "processing", age=35),
    "failed": lambda query: write_upload(query, "failed", age=45),
    "expired": lambda query: write_upload(query, "expired", age=55),
}
"""State → what writes something that is in it."""
