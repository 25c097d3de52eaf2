"""Functions that do one thing each that Lambda must cope with; packaged and run by the tests."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time

counts = {"calls": 0}


def echo(event, context):
    """The event, and what the function sees of where it runs."""
    counts["calls"] += 1
    return {
        "event": event,
        "calls": counts["calls"],
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "request_id": context.aws_request_id,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "path": sys.path,
    }


def sleep(event, _context):
    time.sleep(event["seconds"])
    return {"pid": os.getpid()}


def ticking(_event, _context):
    """How often a thread of the environment has run so far."""
    if not counts["calls"]:
        counts["calls"] = 1
        threading.Thread(target=tick, daemon=True).start()
    return counts["calls"]


def tick():
    while True:
        counts["calls"] += 1
        time.sleep(0.01)


def write(_event, _context):
    outcomes = {}
    for name, folder in {
        "task": os.environ["LAMBDA_TASK_ROOT"],
        "tmp": tempfile.gettempdir(),
        "opt": "/opt",
    }.items():
        try:
            with open(os.path.join(folder, "written"), "x") as file:
                file.write("x")
            outcomes[name] = "written"
        except OSError as error:
            outcomes[name] = type(error).__name__
    return outcomes


def raises(_event, _context):
    raise ValueError("no luck")


def leaves(event, _context):
    os._exit(event.get("status", 3))


def large(event, _context):
    return "x" * event["size"]


def fails_at_first(event, _context):
    """Fails until it was tried as often as the event says."""
    with open(event["file"], "a+") as file:
        file.write("x")
        file.seek(0)
        if len(file.read()) < event["tries"]:
            raise RuntimeError("not yet")
    return "at last"


def collect(event, _context):
    """Writes the queue event down; fails once when told so."""
    import json

    folder = os.environ["COLLECT"]
    marker = os.path.join(folder, "fail-once")
    if os.path.exists(marker):
        os.unlink(marker)
        raise RuntimeError("not now")
    name = os.path.join(folder, f"{time.time_ns()}.json")
    with open(name + ".new", "w") as file:
        json.dump(event, file)
    os.rename(name + ".new", name)
