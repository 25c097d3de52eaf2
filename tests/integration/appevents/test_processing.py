"""From an upload to a post: what is made of a file, and what files are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
from psutil import Process

from chalicelib.appevents.video.object_store import Bucket, bucket_of
from chalicelib.appevents.video.processing import ffmpeg, making, work
from chalicelib.appevents.wiring import Parts
from fintegrate.database import ConnectionLost, Database
from fintegrate.storage.store import StoreAway
from fintegrate.workspace import PREFIX
from tests.integration.appevents.conftest import User
from tests.support.ffmpeg import LAYERS, MACHINES, folder_of
from tests.support.waiting import eventually

FEED, VIDEO = "/api/v1/feed", "/api/v1/videos/{video_id}"
Query = Callable[..., list[dict[str, Any]]]
Pump = Callable[..., dict[str, Any]]
MP4 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
SECRET_PLACE = "+48.2082+016.3738/"

FFMPEG = shutil.which("ffmpeg")
if not FFMPEG:
    if os.environ.get("CI"):
        raise RuntimeError("CI must have ffmpeg")
    pytest.skip("ffmpeg is not installed: make setup", allow_module_level=True)


@cache
def clip(*arguments: str, source: str = "testsrc=size=640x360:rate=30:duration=1") -> bytes:
    """A video of a test picture; the last argument is the ending of its name."""
    *options, ending = arguments
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made.{ending}"
        subprocess.run(
            [str(FFMPEG), "-loglevel", "error", "-f", "lavfi", "-i", source, *options, str(path)],
            check=True,
            timeout=120,
        )
        return path.read_bytes()


def repeated(content: bytes, times: int) -> bytes:
    """A video again and again; nothing is encoded anew."""
    with tempfile.TemporaryDirectory() as folder:
        once, made = Path(folder) / "once.mp4", Path(folder) / "made.mp4"
        once.write_bytes(content)
        looped = ["-stream_loop", str(times - 1), "-i", str(once), "-c", "copy", str(made)]
        subprocess.run([str(FFMPEG), "-loglevel", "error", *looped], check=True, timeout=120)
        return made.read_bytes()


def with_sound(*arguments: str) -> bytes:
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-c:a", "aac", "-shortest"]
    return clip(*sound, *MP4, *arguments)


@pytest.fixture(
    scope="module", params=[MACHINES, pytest.param(LAYERS, marks=pytest.mark.night_long)]
)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a program; what it makes and refuses is the same for both."""
    return folder_of(request.param, tmp_path_factory.mktemp("ffmpeg"))


@pytest.fixture(autouse=True)
def searched(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker finds this program first."""
    monkeypatch.setenv("PATH", str(program), prepend=os.pathsep)


@pytest.fixture
def bucket(running: Parts) -> Bucket:
    return bucket_of(running.settings)


@pytest.fixture
def upload(user: User) -> Callable[..., str]:
    """Uploads a file of the user and completes it; returns the video's id."""

    def sent(content: bytes, content_type: str = "video/mp4", title: str = "100 kg!") -> str:
        told = {"filename": "squat.mp4", "content_type": content_type, "title": title}
        said = {**told, "size_bytes": len(content), "client_generated_id": str(uuid.uuid4())}
        made = user.call("POST", "/api/v1/videos", said).data
        offer = made["upload"]
        done = httpx.put(offer["url"], content=content, headers=offer["headers"], trust_env=False)
        assert done.status_code == 200, done.text
        completed = user.call("POST", f"{VIDEO}/complete", {}, video_id=made["video_id"])
        assert completed.status == 202, completed
        return str(made["video_id"])

    return sent


@pytest.fixture
def process(pump: Pump, settle: Callable[[str], None]) -> Callable[[], dict[str, Any]]:
    """Lets the worker take one video, and the feed take over what became of it."""

    def run() -> dict[str, Any]:
        done = pump("processing", seconds=120)
        settle("video")
        return done

    return run


def video_of(user: User, video: str) -> Any:
    return user.call("GET", VIDEO, video_id=video).data


def probe(content: bytes, name: str = "made.mp4") -> Any:
    """What ffprobe says of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams"]
        done = subprocess.run([*command, str(path)], check=True, capture_output=True)
        return json.loads(done.stdout)


def test_given_up_video_is_taken_again(
    user: User, upload: Callable[..., str], process: Callable[[], Any], query: Query
) -> None:
    video = upload(clip(*MP4, "mp4"))
    query(
        "video",
        "UPDATE videos SET status = 'failed', settled_at = now(), failure_code = 'gave_up',"
        " failure_reason = 'Nothing was heard' WHERE video_id = %(video)s",
        video=video,
    )
    process()

    shown = video_of(user, video)
    assert (shown["status"], shown["failure"]) == ("processed", None)


def test_upload_becomes_a_post(
    user: User, upload: Callable[..., str], process: Callable[[], Any], query: Query
) -> None:
    video = upload(with_sound("mp4"))
    process()

    shown = video_of(user, video)
    assert (shown["status"], shown["failure"]) == ("processed", None)
    (post,) = user.call("GET", FEED).data["posts"]
    assert (post["post_id"], post["title"]) == (shown["post_id"], "100 kg!")
    assert (post["width"], post["height"], post["liked"]) == (640, 360, False)
    assert 950 <= post["duration_ms"] <= 1100
    made = httpx.get(post["video_url"], trust_env=False)
    assert made.headers["content-type"] == "video/mp4"
    said = probe(made.content)
    codecs = [stream["codec_name"] for stream in said["streams"]]
    assert codecs == ["h264", "aac"]
    assert said["streams"][0]["pix_fmt"] == "yuv420p"
    assert made.content.index(b"moov") < made.content.index(b"mdat")
    metadata = shown["metadata"]
    assert (metadata["video_codec"], metadata["audio_codec"]) == ("h264", "aac")
    assert metadata["size_bytes"] == len(made.content)
    thumbnail = httpx.get(shown["urls"]["thumbnail_url"], trust_env=False).content
    assert thumbnail[:2] == b"\xff\xd8"
    told = query("video", "SELECT event_type FROM outbox ORDER BY id")
    assert [row["event_type"] for row in told] == [
        "media.uploaded",
        "media.processed",
        "feed.post.created",
    ]
    assert list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}*")) == []


@pytest.mark.parametrize(
    ("arguments", "content_type"),
    [
        ((*MP4, "mov"), "video/quicktime"),
        (("-c:v", "libvpx", "-deadline", "realtime", "webm"), "video/webm"),
        ((*MP4, "mkv"), "video/webm"),
        (("-c:v", "mpeg4", "mp4"), "video/mp4"),
    ],
)
def test_every_container_is_taken(
    user: User,
    upload: Callable[..., str],
    process: Callable[[], Any],
    arguments: tuple[str, ...],
    content_type: str,
) -> None:
    video = upload(clip(*arguments), content_type)
    process()

    shown = video_of(user, video)
    assert (shown["status"], shown["metadata"]["audio_codec"]) == ("processed", None)


@pytest.mark.parametrize(
    ("source", "options", "width", "height"),
    [
        ("testsrc=size=1920x1080:rate=10:duration=0.5", (), 1280, 720),
        ("testsrc=size=1080x1920:rate=10:duration=0.5", (), 720, 1280),
        ("testsrc=size=321x181:rate=10:duration=0.5", ("-pix_fmt", "yuv444p"), 320, 180),
        ("testsrc=size=640x360:rate=10:duration=0.5", ("rotate",), 360, 640),
        ("testsrc=size=4000x16:rate=10:duration=0.5", (), 1280, 4),
        ("testsrc=size=320x240:rate=10:duration=0.5", ("-aspect", "16:9"), 426, 240),
    ],
)
def test_picture_is_upright_and_even(
    user: User,
    upload: Callable[..., str],
    process: Callable[[], Any],
    source: str,
    options: tuple[str, ...],
    width: int,
    height: int,
) -> None:
    if options == ("rotate",):
        content = _rotated(clip(*MP4, "mp4", source=source))
    else:
        content = clip(*MP4, *options, "mp4", source=source)
    video = upload(content)
    process()

    shown = video_of(user, video)["metadata"]
    assert (shown["width"], shown["height"]) == (width, height)


def _rotated(content: bytes) -> bytes:
    """The same video with the matrix that a phone writes when it is held upright."""
    turned = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0))
    plain = b"".join(n.to_bytes(4, "big", signed=True) for n in (65536, 0, 0, 0, 65536, 0))
    place = content.index(plain, content.index(b"tkhd"))
    return content[:place] + turned + content[place + len(plain) :]


def test_place_and_words_are_gone(
    user: User, upload: Callable[..., str], process: Callable[[], Any]
) -> None:
    words = ["-metadata", f"location={SECRET_PLACE}", "-metadata", "title=at home"]
    words += ["-metadata:s:v", "handler_name=my handler", "-movflags", "+use_metadata_tags"]
    content = with_sound(*words, "mp4")
    assert SECRET_PLACE.encode() in content
    video = upload(content)
    process()

    made = httpx.get(video_of(user, video)["urls"]["video_url"], trust_env=False).content
    for secret in (SECRET_PLACE.encode(), b"at home", b"my handler"):
        assert secret not in made


def _whole() -> bytes:
    return clip(*MP4, "-movflags", "+faststart", "mp4")


PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"
SOUND_ONLY = ("-f", "lavfi", "-i", "sine=duration=1", "-map", "1:a", "-c:a", "aac", "mp4")
TALL = "color=size=4096x2176:rate=2:duration=1"
QUICK = "testsrc=size=64x64:rate=240:duration=1"
ENDLESS = "color=size=16x16:rate=1:duration=620"
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"no video at all, but its name says so", "unsupported_format"),
    "one byte": (lambda: b"\0", "unsupported_format"),
    "playlist": (lambda: PLAYLIST, "unsupported_format"),
    "script": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "unsupported_format"),
    "page": (lambda: b"<html><script>alert(1)</script>", "unsupported_format"),
    "playlist in disguise": (lambda: b"\0\0\0\x18ftypmp42" + PLAYLIST, "damaged"),
    "picture": (lambda: clip("-frames:v", "1", "jpg"), "unsupported_format"),
    "another container": (lambda: clip("-c:v", "mpeg4", "avi"), "unsupported_format"),
    "head only": (lambda: _whole()[:40], "damaged"),
    "cut off": (lambda: _whole()[: len(_whole()) * 2 // 3], "damaged"),
    "without its end": (lambda: clip(*MP4, "mp4")[:-200], "damaged"),
    "matroska cut off": (lambda: clip(*MP4, "mkv")[:-3000], "damaged"),
    "sound only": (lambda: clip(*SOUND_ONLY), "no_picture"),
    "huge picture": (lambda: clip(*MP4, "mp4", source=TALL), "too_large_picture"),
    "too many frames": (lambda: clip(*MP4, "mp4", source=QUICK), "too_large_picture"),
    "too long": (lambda: clip(*MP4, "mp4", source=ENDLESS), "too_long"),
    "zeros inside": (lambda: _whole()[:2000] + bytes(len(_whole()) - 2000), "damaged"),
}
"""What makes a file, and the reason of its refusal. ffmpeg runs only where the test does."""


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_file_says_why(
    user: User,
    upload: Callable[..., str],
    process: Callable[[], Any],
    query: Query,
    bucket: Bucket,
    name: str,
) -> None:
    make, code = HOSTILE[name]
    video = upload(make())
    process()

    shown = video_of(user, video)
    assert (shown["status"], shown["failure"]["reason_code"]) == ("failed", code)
    assert shown["failure"]["reason"].endswith(
        ("video", "picture", "second", "minutes", "incomplete")
    )
    assert (shown["post_id"], shown["urls"]) == (None, None)
    assert user.call("GET", FEED).data["posts"] == []


def test_changed_file_is_refused(
    user: User, upload: Callable[..., str], process: Callable[[], Any], bucket: Bucket
) -> None:
    content = clip(*MP4, "mp4")
    video = upload(content)
    key = f"uploads/{user.id}/{video}"
    signed = bucket.signer.presigned("PUT", key, 60)
    httpx.put(signed.url, content=content[:-1] + b"!", trust_env=False)
    process()

    assert video_of(user, video)["failure"]["reason_code"] == "changed_after_completion"


def test_removed_file_is_refused(
    user: User, upload: Callable[..., str], process: Callable[[], Any], bucket: Bucket
) -> None:
    video = upload(clip(*MP4, "mp4"))
    bucket.store.delete(f"uploads/{user.id}/{video}")
    process()

    assert video_of(user, video)["failure"]["reason_code"] == "changed_after_completion"


def test_late_ffmpeg_is_killed(
    user: User, upload: Callable[..., str], pump: Pump, settle: Callable[[str], None]
) -> None:
    part = clip(*MP4, "mp4", source="testsrc2=size=1920x1080:rate=60:duration=1")
    video = upload(repeated(part, 20))
    pump("processing", seconds=31)
    settle("video")

    assert video_of(user, video)["failure"]["reason_code"] == "processing_timeout"
    assert not [each for each in Process().children() if each.name() == "ffmpeg"]


def test_second_run_tells_nothing_more(
    user: User,
    upload: Callable[..., str],
    process: Callable[[], Any],
    query: Query,
    running: Parts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload(clip(*MP4, "mp4"))
    process()
    row = query("video", "SELECT * FROM outbox WHERE event_type = 'media.uploaded'")[0]
    row |= dict.fromkeys(("told_at", "received_at", "effective_at"), row["created_at"])
    row["request_id"] = row["traceparent"] = None
    monkeypatch.setattr(ffmpeg, "program", lambda: pytest.fail("it is done again"))
    running.service("video").outbox.publish_together([row], time.monotonic())

    assert process()["seen"] == 1
    assert len(query("video", "SELECT 1 FROM outbox WHERE event_type LIKE 'media.%%'")) == 2
    assert len(query("video", "SELECT 1 FROM feed_posts")) == 1


def test_dying_worker_gives_up(
    user: User,
    upload: Callable[..., str],
    pump: Pump,
    settle: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if the memory were too small each time: nothing of the function goes on."""
    video = upload(clip(*MP4, "mp4"))

    class Killed(BaseException):
        """What no code of ours catches."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(ffmpeg, "run", die)
    for _ in range(2):
        with pytest.raises(Killed):
            pump("processing", redelivered=True)
    pump("processing", redelivered=True)
    settle("video")

    assert video_of(user, video)["failure"]["reason_code"] == "gave_up"


def test_lost_connection_is_no_death(
    upload: Callable[..., str],
    pump: Pump,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end of a start is said when the database is there again."""
    upload(clip(*MP4, "mp4"))
    execute, lost = Database.execute, [True, True]

    def flapping(self: Database, sql: str, parameters: Any) -> int:
        if sql == work.INBOX["end"] and lost:
            lost.pop()
            raise ConnectionLost("gone")
        return execute(self, sql, parameters)

    monkeypatch.setattr(Database, "execute", flapping)

    pump("processing", redelivered=True)

    assert (lost, query("video", "SELECT message FROM inbox_attempts")) == ([], [])


def test_database_away_holds_no_worker(
    upload: Callable[..., str], pump: Pump, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the time to say the end is over, it stays unsaid: the work itself is not lost."""
    upload(clip(*MP4, "mp4"))
    execute = Database.execute

    def away(self: Database, sql: str, parameters: Any) -> int:
        if sql == work.INBOX["end"] and str(parameters["messages"][0]).startswith("work "):
            raise ConnectionLost("gone")
        return execute(self, sql, parameters)

    monkeypatch.setattr(Database, "execute", away)
    monkeypatch.setattr(work, "END_SECONDS", 0.0)

    assert pump("processing")["applied"] == 1
    assert len(query("video", "SELECT message FROM inbox_attempts")) == 1


def test_one_works_on_a_video(
    upload: Callable[..., str], pump: Pump, query: Query, app_databases: dict[str, str]
) -> None:
    """Its message may come again while its function is at work."""
    video = upload(clip(*MP4, "mp4"))
    with closing(psycopg2.connect(app_databases["VIDEO_DATABASE_MASTER_URL"])) as other:
        with other.cursor() as cursor:
            cursor.execute(work.SQL["take"], {"video_id": video})

        assert pump("processing", redelivered=True) == {"messages": 1, "outage": 1}

    assert query("video", "SELECT message FROM inbox_attempts") == []
    eventually(lambda: pump("processing").get("applied"), "it is done when the other is over")


def test_defect_is_tried_again(
    user: User, upload: Callable[..., str], pump: Pump, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that raised would get it back twenty times, with the lane closed for all others."""
    video = upload(clip(*MP4, "mp4"))

    def broken(*_: object) -> None:
        raise ValueError("NOPTS")

    monkeypatch.setattr(making, "inspected", broken)
    steps = Counter[str]()

    def is_settled() -> bool:
        steps.update(pump("processing"))
        return bool(steps["applied"])

    eventually(is_settled, "the last try says what became of it")
    assert steps["later"] == 5
    pump("video")
    assert video_of(user, video)["failure"]["reason_code"] == "gave_up"


def test_store_away_is_tried_again(
    user: User,
    upload: Callable[..., str],
    pump: Pump,
    settle: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    video = upload(clip(*MP4, "mp4"))

    def away(*_: object) -> None:
        raise StoreAway

    with monkeypatch.context() as broken:
        broken.setattr(making, "download", away)
        for _ in range(4):
            eventually(lambda: pump("processing").get("later") == 1, "it is tried again")
    assert video_of(user, video)["status"] == "processing"

    def is_shown() -> bool:
        pump("processing", seconds=120)
        settle("video")
        return bool(video_of(user, video)["status"] == "processed")

    eventually(is_shown, "the video was processed after all")
