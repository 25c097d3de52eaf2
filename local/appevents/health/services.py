"""Checks of what the services need beside the servers: queues, object store, issuer's keys, ffmpeg."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from functools import partial

from chalicelib.appevents import topology
from chalicelib.appevents.configuration import Configuration
from fintegrate.messaging.depths import Depth, depths
from fintegrate.messaging.waiting_queues import WaitingQueues
from fintegrate.outgoing.reading import read_text
from fintegrate.outgoing.urls import host_of
from fintegrate.settings import load
from local.appevents.health.finding import Check, Facts, Wrong
from local.appevents.object_store import client_of

SECONDS = 5
FFMPEG_SECONDS = 30


def checks(settings: Mapping[str, str]) -> Iterator[Check]:
    """One for each queue, and for what the settings name."""
    for service in topology.services():
        yield Check(f"queue app.{service}", partial(_queue, service, settings))
    if settings.get("OBJECT_STORE_ENDPOINT"):
        yield Check("object store", partial(_object_store, settings))
    if settings.get("JWT_JWKS_URL"):
        yield Check("issuer", partial(_issuer, settings["JWT_JWKS_URL"]))
    if ffmpeg := shutil.which(settings.get("FFMPEG") or "ffmpeg"):
        yield Check("ffmpeg", partial(_ffmpeg, ffmpeg))
    elif settings.get("OBJECT_STORE_ENDPOINT"):
        yield Check("ffmpeg", _no_ffmpeg)


def _queue(service: str, settings: Mapping[str, str]) -> Facts:
    """Whether it is there and somebody reads it. Dead letters are told, and are no fault of it."""
    configuration = load(Configuration, settings)
    queues = topology.queues_of(service, configuration)
    found = depths(configuration.app_rabbitmq_url, _names(queues), SECONDS)
    if missing := [name for name, depth in found.items() if depth is None]:
        raise Wrong(f"{missing[0]} does not exist; app_resend declares it within a minute")
    of = {name: depth for name, depth in found.items() if depth is not None}
    facts = _facts(queues, of)
    if not of[queues.name].consumers:
        raise Wrong("nobody reads it", **facts)
    return facts


def _names(queues: WaitingQueues) -> list[str]:
    return [queue.name for queue in queues.queues([])]


def _facts(queues: WaitingQueues, of: Mapping[str, Depth]) -> Facts:
    waiting = sum(of[name].messages for name in of if ".retry." in name)
    return {
        "depth": of[queues.name].messages,
        "consumers": of[queues.name].consumers,
        "waiting": waiting,
        "dead_letters": of[queues.dead_letters].messages,
    }


def _object_store(settings: Mapping[str, str]) -> Facts:
    """Put, get and delete an object."""
    client = client_of(settings)
    place = {"Bucket": settings["OBJECT_STORE_BUCKET"], "Key": f"health/{uuid.uuid4()}"}
    client.put_object(**place, Body=b"healthy")
    try:
        if client.get_object(**place)["Body"].read() != b"healthy":
            raise Wrong("an object came back changed")
    finally:
        client.delete_object(**place)
    return {}


def _issuer(url: str) -> Facts:
    """Its host may be on this machine, and speak plain http."""
    keys = json.loads(read_text(url, host_of(url)))["keys"]
    if not keys:
        raise Wrong("the issuer has no key")
    return {"keys": len(keys)}


def _ffmpeg(program: str) -> Facts:
    command = [program, "-nostdin", "-version"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=FFMPEG_SECONDS, check=True
    )
    return {"version": " ".join(done.stdout.split()[:3])}


def _no_ffmpeg() -> Facts:
    raise Wrong("not installed: make setup")
