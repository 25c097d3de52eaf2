"""Imports every function of app.events, service by service: the index to read first.

A service is imported when a request asks for it, so that a cold start pays for one.
"""

from chalice import Blueprint


def _notify() -> Blueprint:
    from chalicelib.appevents.notification import (  # noqa: F401
        list_events,
        read_event,
        read_events,
        receive_event,
        receive_events,
    )
    from chalicelib.appevents.notification.blueprint import notification

    return notification


def _machines() -> Blueprint:
    from chalicelib.appevents.machine import list_notes, read_prefs  # noqa: F401
    from chalicelib.appevents.machine.blueprint import machine

    return machine


def _videos() -> Blueprint:
    from chalicelib.appevents.video import (  # noqa: F401
        complete_upload,
        create_video,
        list_videos,
        read_video,
        renew_upload,
    )
    from chalicelib.appevents.video.blueprint import videos

    return videos


def _feed() -> Blueprint:
    from chalicelib.appevents.video import list_feed, list_owner_feed  # noqa: F401
    from chalicelib.appevents.video.blueprint import feed

    return feed


def _posts() -> Blueprint:
    from chalicelib.appevents.video import list_comments, list_likes, read_post  # noqa: F401
    from chalicelib.appevents.video.blueprint import posts

    return posts


def _queues() -> Blueprint:
    from chalicelib.appevents.machine import consume as machine  # noqa: F401
    from chalicelib.appevents.notification import consume as notification  # noqa: F401
    from chalicelib.appevents.queues import queues
    from chalicelib.appevents.video import consume as video  # noqa: F401
    from chalicelib.appevents.video.processing import consume as processing  # noqa: F401

    return queues


def _schedules() -> Blueprint:
    from chalicelib.appevents.schedules import run_resend, run_video_upkeep  # noqa: F401
    from chalicelib.appevents.schedules.blueprint import schedules

    return schedules


SERVICES = {
    "api/v1/notify": _notify,
    "api/v1/machines": _machines,
    "api/v1/videos": _videos,
    "api/v1/feed": _feed,
    "api/v1/posts": _posts,
    "queues": _queues,
    "schedules": _schedules,
}
"""By the beginning of their paths. Queues and schedules have none."""
