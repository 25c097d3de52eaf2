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


def _users() -> Blueprint:
    from chalicelib.appevents.notification import erase_user, read_erasure  # noqa: F401
    from chalicelib.appevents.notification.blueprint import users

    return users


def _machines() -> Blueprint:
    from chalicelib.appevents.machine import list_notes, read_prefs  # noqa: F401
    from chalicelib.appevents.machine.blueprint import machine

    return machine


def _ops() -> Blueprint:
    from chalicelib.appevents.ops import (  # noqa: F401
        list_dead_letters,
        read_reconcile,
        redrive_dead_letters,
    )
    from chalicelib.appevents.ops.blueprint import ops

    return ops


def _programs() -> Blueprint:
    from chalicelib.appevents.program import (  # noqa: F401
        list_programs,
        list_sessions,
        read_program,
    )
    from chalicelib.appevents.program.blueprint import program

    return program


def _reminders() -> Blueprint:
    from chalicelib.appevents.program import list_reminders  # noqa: F401
    from chalicelib.appevents.program.blueprint import reminders

    return reminders


def _conversations() -> Blueprint:
    from chalicelib.appevents.dm import list_conversations, list_messages  # noqa: F401
    from chalicelib.appevents.dm.blueprint import dm

    return dm


def _settings() -> Blueprint:
    from chalicelib.appevents.settings import (  # noqa: F401
        change_feed_access,
        read_app_settings,
        read_feed_access,
        read_user_settings,
    )
    from chalicelib.appevents.settings.blueprint import settings

    return settings


def _feed_access() -> Blueprint:
    from chalicelib.appevents.settings import ask_feed_access  # noqa: F401
    from chalicelib.appevents.settings.blueprint import feed_access

    return feed_access


def _feed_keys() -> Blueprint:
    from chalicelib.appevents.settings import read_feed_keys  # noqa: F401
    from chalicelib.appevents.settings.blueprint import feed_keys

    return feed_keys


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


def _ai() -> Blueprint:
    from chalicelib.appevents.ai import send_prompt  # noqa: F401
    from chalicelib.appevents.ai.blueprint import ai

    return ai


def _overview() -> Blueprint:
    from chalicelib.appevents.console import read_overview  # noqa: F401
    from chalicelib.appevents.console.blueprint import overview

    return overview


def _events() -> Blueprint:
    from chalicelib.appevents.console import (  # noqa: F401
        list_events,
        list_failures,
        read_event,
        search_events,
    )
    from chalicelib.appevents.console.blueprint import events

    return events


def _audit() -> Blueprint:
    from chalicelib.appevents.console import list_audit  # noqa: F401
    from chalicelib.appevents.console.blueprint import audit

    return audit


def _browser() -> Blueprint:
    from chalicelib.appevents.browser import read_offline_queue, read_pages  # noqa: F401
    from chalicelib.appevents.browser.blueprint import browser

    return browser


def _queues() -> Blueprint:
    from chalicelib.appevents.dm import consume as dm  # noqa: F401
    from chalicelib.appevents.machine import consume as machine  # noqa: F401
    from chalicelib.appevents.notification import consume as notification  # noqa: F401
    from chalicelib.appevents.program import consume as program  # noqa: F401
    from chalicelib.appevents.queues import queues
    from chalicelib.appevents.settings import consume as settings  # noqa: F401
    from chalicelib.appevents.video import consume as video  # noqa: F401
    from chalicelib.appevents.video.processing import consume as processing  # noqa: F401

    return queues


def _schedules() -> Blueprint:
    from chalicelib.appevents.schedules import (  # noqa: F401
        publish_metrics,
        run_purge,
        run_remind,
        run_resend,
        run_sweep_dead_letters,
        run_video_upkeep,
    )
    from chalicelib.appevents.schedules.blueprint import schedules
    from chalicelib.appevents.settings import rotate_feed_keys  # noqa: F401

    return schedules


SERVICES = {
    "api/v1/notify": _notify,
    "api/v1/users": _users,
    "api/v1/machines": _machines,
    "api/v1/ops": _ops,
    "api/v1/programs": _programs,
    "api/v1/reminders": _reminders,
    "api/v1/conversations": _conversations,
    "api/v1/settings": _settings,
    "api/v1/feed/{owner_id}/access": _feed_access,
    "api/v1/feed-access": _feed_keys,
    "api/v1/videos": _videos,
    "api/v1/feed": _feed,
    "api/v1/posts": _posts,
    "api/v1/ai": _ai,
    "app/overview": _overview,
    "app/events": _events,
    "app/audit": _audit,
    "app": _browser,
    "queues": _queues,
    "schedules": _schedules,
}
"""By the beginning of their paths. Queues and schedules have none."""
