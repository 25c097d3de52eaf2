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


def _ops() -> Blueprint:
    from chalicelib.appevents.ops import (  # noqa: F401
        list_dead_letters,
        read_reconcile,
        redrive_dead_letters,
    )
    from chalicelib.appevents.ops.blueprint import ops

    return ops


def _queues() -> Blueprint:
    from chalicelib.appevents.machine import consume as machine  # noqa: F401
    from chalicelib.appevents.notification import consume as notification  # noqa: F401
    from chalicelib.appevents.queues import queues

    return queues


def _schedules() -> Blueprint:
    from chalicelib.appevents.schedules import (  # noqa: F401
        run_purge,
        run_resend,
        run_sweep_dead_letters,
    )
    from chalicelib.appevents.schedules.blueprint import schedules

    return schedules


SERVICES = {
    "api/v1/notify": _notify,
    "api/v1/machines": _machines,
    "api/v1/ops": _ops,
    "queues": _queues,
    "schedules": _schedules,
}
"""By the beginning of their paths. Queues and schedules have none."""
