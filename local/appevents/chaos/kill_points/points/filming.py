"""Dies while a video is asked for, completed, processed and shown, and when its files are removed."""

from __future__ import annotations

from dataclasses import dataclass

from local.appevents.chaos.clip import clip
from local.appevents.chaos.kill_points.points.steps import (
    ACKNOWLEDGE,
    BEGIN,
    END,
    OF_SERVICE,
    PUBLISH,
    SENT,
    TAKE,
    WRITE,
    marked,
)
from local.appevents.chaos.kill_points.tasks import Call, Feed, Run
from local.appevents.chaos.kill_points.trial import Trial
from local.chaos.boundaries import COMMIT, Boundary, Method, Statement, after, before
from local.chaos.kill_points import KillPoint

UPLOADS, WORK = "functions/appevents/video/uploads.sql", "functions/appevents/video/processing"
REQUEST, PINNED = (Statement(UPLOADS, name) for name in ("request", "complete"))
BEGUN = Statement(f"{WORK}/work.sql", "begin")
LOOK = Method("fintegrate.storage.store:Store.look")
MAKING = "chalicelib.appevents.video.processing.making"
DOWNLOADED, MADE, UPLOADED = (
    Method(f"{MAKING}:{name}") for name in ("download", "_made", "upload")
)
FFMPEG = Method("chalicelib.appevents.video.processing.ffmpeg:run")
POST = Statement("functions/appevents/video/publishing.sql", "write_post")
DELETED = Method("fintegrate.storage.store:Store.delete")
REMOVED = Statement("functions/appevents/video/upkeep.sql", "removed")
MARK = marked(OF_SERVICE)


def asking(trial: Trial) -> None:
    """A phone asks for an upload, gets no answer, and asks again with the same id."""
    user = trial.user()
    told = {"filename": "a.mp4", "content_type": "video/mp4", "size_bytes": len(clip())}
    note = trial.note(user)  # for its id
    request = Call(user, "POST", "/api/v1/videos", {**told, "client_generated_id": note.id})
    trial.asked_videos.append(note.id)
    trial.kill(request)
    offer = trial.cell.run(request).answer
    trial.expect(offer["video_id"] == note.id, f"the video is {offer['video_id']}")
    trial.query("video", "make_old")
    trial.cell.run(Run("app_video_upkeep"))
    trial.come_to_rest()


@dataclass(frozen=True)
class Complete:
    """An upload whose completion dies. `committed` says whether it is complete then."""

    committed: bool

    def __call__(self, trial: Trial) -> None:
        """The phone asks again and gets the same answer; there is one event and one post."""
        user = trial.user()
        video = trial.offered(user)
        trial.kill(trial.completion(user, video))
        (found,) = [each for each in trial.evidence().videos if each.id == video]
        wanted = "uploaded" if self.committed else "awaiting_upload"
        trial.expect(found.status == wanted, f"the video is {found.status}")
        trial.complete(user, video)
        trial.complete(user, video)
        _shown(trial)


@dataclass(frozen=True)
class Process:
    """A complete upload; the function of this queue dies with it, after those before did their work."""

    queue: str = "processing"
    before: tuple[str, ...] = ()

    def __call__(self, trial: Trial) -> None:
        """It is processed again, and shown once."""
        user = trial.user()
        trial.complete(user, trial.offered(user))
        for queue in self.before:
            trial.cell.run(Feed(queue))
        trial.kill(Feed(self.queue))
        _shown(trial)


def removing(trial: Trial) -> None:
    """Originals are removed, and that run dies: the next one finds the rest."""
    user = trial.user()
    trial.offered(user)
    trial.complete(user, trial.offered(user))
    trial.come_to_rest()
    trial.query("video", "make_old")
    trial.kill(Run("app_video_upkeep"))
    trial.cell.run(Run("app_video_upkeep"))


def _shown(trial: Trial) -> None:
    """Everything ends; then a week passes."""
    trial.come_to_rest()
    (video,) = trial.evidence().videos
    trial.expect(video.status == "processed", f"the video is {video.status}")
    told = [each for each in trial.evidence().outcomes if each.event_type == "media.uploaded"]
    trial.expect(len(told) == 1, f"it was told {len(told)} times that it is uploaded")
    trial.query("video", "make_old")
    trial.cell.run(Run("app_video_upkeep"))


def _points(
    name: str, scenario: object, moments: dict[str, tuple[Boundary, int]]
) -> tuple[KillPoint, ...]:
    assert callable(scenario)
    return tuple(
        KillPoint(f"{name}: {moment}", boundary, scenario, repeats)
        for moment, (boundary, repeats) in moments.items()
    )


POINTS = (
    KillPoint("ask: before the row", before(REQUEST), asking),
    KillPoint("ask: after the row", after(REQUEST), asking),
    *_points(
        "complete",
        Complete(committed=False),
        {
            "before the look at the store": (before(LOOK), 0),
            "after the look": (after(LOOK), 0),
            "before the guarded change": (before(PINNED), 0),
            "after the change, before its event": (after(PINNED), 0),
            "after its event, before the commit": (before(COMMIT, since=WRITE), 0),
        },
    ),
    *_points(
        "complete",
        Complete(committed=True),
        {
            "after the commit": (after(COMMIT, since=WRITE), 0),
            "before the publish": (before(PUBLISH), 0),
            "after the bytes": (SENT, 1),
            "after the confirm": (after(PUBLISH), 1),
            "after the mark": (after(MARK), 0),
        },
    ),
    *_points(
        "process",
        Process(),
        {
            "after the video is begun": (after(BEGUN), 0),
            "after the start is noted": (after(BEGIN), 0),
            "before the download": (before(DOWNLOADED), 0),
            "after the download": (after(DOWNLOADED), 0),
            "after ffmpeg": (after(FFMPEG), 0),
            "after all is made, before the uploads": (after(MADE), 0),
            "after the first file's upload": (after(UPLOADED), 0),
            "after the second file's upload": (after(UPLOADED, 2), 0),
            "before the note of the start goes": (before(END), 0),
            "before the key": (before(TAKE), 0),
            "after the event, before the commit": (before(COMMIT, since=WRITE), 0),
            "after the commit": (after(COMMIT, since=WRITE), 0),
            "after the bytes": (SENT, 1),
            "after the mark": (after(MARK), 0),
            "before the acknowledgement": (before(ACKNOWLEDGE), 0),
        },
    ),
    *_points(
        "show",
        Process("video", before=("processing",)),
        {
            "after the post, before the commit": (before(COMMIT, since=POST), 0),
            "after the commit": (after(COMMIT, since=POST), 0),
            "before the acknowledgement": (before(ACKNOWLEDGE), 0),
        },
    ),
    *_points(
        "remove",
        removing,
        {
            "after a file is gone, before the mark": (after(DELETED), 0),
            "between two files": (after(REMOVED), 0),
        },
    ),
)
