"""Measures what the worker of uploaded videos adds to ffmpeg."""

from __future__ import annotations

import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from app import app
from chalicelib.appevents.envelope import compose
from chalicelib.appevents.video.processing import ffmpeg
from local.appevents.bench.databases import VIRTUAL_HOST, AppDatabases, AppTemplate
from local.appevents.object_store import client_of, remove_objects
from local.aws_shapes import queue_event
from local.aws_shapes.lambda_context import LambdaContext
from local.bench.figures import Figures
from local.bench.timing import each_in_turns, median

TURNS, SECONDS = 6, 300
QUEUE = "app.processing"
CONTENT_TYPE = "video/mp4"
# Ten seconds as a phone films them: 720p, 30 pictures a second, sound, some noise in the picture.
PICTURE = "testsrc2=size=1280x720:rate=30:duration=10,noise=alls=12:allf=t"
TONE = "sine=frequency=440:duration=10"
CODED = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
UPLOADED = """
INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, status, etag, expires_at)
VALUES (%(video_id)s, %(user_id)s, 'squat.mp4', %(content_type)s, %(size_bytes)s, 'uploaded', %(etag)s,
        now() + interval '1 hour')
"""
ENDED = "SELECT count(*) FROM outbox WHERE event_type = 'media.processed'"


class _Upload(NamedTuple):
    """An object in the store, of which each turn's video is made."""

    bucket: str
    key: str
    etag: str
    size_bytes: int


def transcode(template: AppTemplate) -> Figures:
    """A clip of ten seconds through the worker's function, in turns with its command (p50)."""
    with tempfile.TemporaryDirectory() as folder, template.copy() as databases:
        source = _clip(Path(folder))
        with _stored(databases, source) as upload:
            ours = [_processing(databases, upload) for _ in range(TURNS)]
            bare = [_transcoding(source) for _ in range(TURNS)]
            times, floor_times = each_in_turns(ours, bare)
        ((ended,),) = databases.rows("video", ENDED)
        if ended != TURNS:
            raise RuntimeError(f"{ended} of {TURNS} videos were processed")
    return {
        "transcode_ms": median(times),
        "transcode_floor_ms": median(floor_times),
        "transcode_vs_ffmpeg": median(times) / median(floor_times),
    }


def _clip(folder: Path) -> Path:
    source = folder / "source.mp4"
    inputs = ["-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", TONE]
    command = [ffmpeg.program(), "-nostdin", "-loglevel", "error", *inputs, *CODED, str(source)]
    subprocess.run(command, check=True, timeout=SECONDS)
    return source


@contextmanager
def _stored(databases: AppDatabases, source: Path) -> Iterator[_Upload]:
    """Put the clip into the store. What is there of this run goes at the end."""
    environment = databases.environment
    store, bucket = client_of(environment), environment["OBJECT_STORE_BUCKET"]
    key = f"uploads/{uuid.uuid4()}/{uuid.uuid4()}"
    body = source.read_bytes()
    put = store.put_object(Bucket=bucket, Key=key, Body=body, ContentType=CONTENT_TYPE)
    try:
        yield _Upload(bucket, key, put["ETag"].strip('"'), len(body))
    finally:
        remove_objects(environment, key)
        for (video_id,) in databases.rows("video", "SELECT video_id FROM videos"):
            remove_objects(environment, f"media/{video_id}/")


def _processing(databases: AppDatabases, upload: _Upload) -> Callable[[], object]:
    """A call of the worker's function with one more video.

    Raises (when called):
        RuntimeError: it did not process the video.
    """
    user_id, video_id = str(uuid.uuid4()), str(uuid.uuid4())
    told = {"video_id": video_id, **upload._asdict(), "content_type": CONTENT_TYPE}
    databases.rows("video", UPLOADED, user_id=user_id, **told)
    event = _event(told, user_id)
    function = next(each for each in app.pure_lambda_functions if each.name == "app_processing")

    def process() -> None:
        counts = function.func(event, LambdaContext("app_processing", SECONDS))
        if counts.get("applied") != 1:
            raise RuntimeError(f"the worker ended with {counts}")

    return process


def _event(told: dict[str, Any], user_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    row = {
        "id": 1,
        "event_type": "media.uploaded",
        "client_generated_id": str(uuid.uuid4()),
        "user_id": user_id,
        "data": told,
        "told_at": now,
        "effective_at": now,
        "received_at": now,
    }
    message = compose(row, source_service="video")
    delivered = queue_event.Message(message.body, message.properties, False, time.monotonic_ns())
    return queue_event.queue_event(QUEUE, VIRTUAL_HOST, [delivered])


def _transcoding(source: Path) -> Callable[[], object]:
    """The worker's own command, with nothing around it."""
    arguments = ffmpeg.transcoded(Path(source.name), "mov", Path("made.mp4"))
    command = [ffmpeg.program(), "-nostdin", "-loglevel", "error", "-y", *arguments]
    return lambda: subprocess.run(command, check=True, cwd=source.parent, timeout=SECONDS)
