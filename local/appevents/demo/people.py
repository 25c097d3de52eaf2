"""The demo's users and its operator: the calls that the app of each makes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from local.appevents.demo.record import PROCESSED, Record
from local.appevents.tokens import make_token
from local.serving.calls import Caller, CallFailed

EVENTS = "/api/v1/notify/events"
_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1
_HOURS = 1.0


def new_id() -> str:
    """An id such as a phone makes."""
    return str(uuid.uuid4())


def event(event_type: str, data: Mapping[str, Any], event_id: str | None = None) -> dict[str, Any]:
    """An event as a phone keeps it until it is sent."""
    return {
        "event_type": event_type,
        "client_generated_id": event_id or new_id(),
        "timestamp": datetime.now(UTC).isoformat(),
        "data": dict(data),
    }


class Person(Caller):
    """A user with a phone. What is accepted is noted in the record."""

    def __init__(self, base_url: str, settings: Mapping[str, str], name: str, record: Record):
        self.name, self.id = name, new_id()
        self._record = record
        token = make_token(settings, self.id, _HOURS)
        super().__init__(base_url, headers={"Authorization": f"Bearer {token}"})

    def tell(self, event_type: str, data: Mapping[str, Any], fate: str = PROCESSED) -> str:
        """Send an event and wait until it is settled; returns its id.

        Args:
            fate: what must become of it, see `Record.accepted`

        Raises:
            CallFailed: it was not accepted, or nothing became of it in time
        """
        told = event(event_type, data)
        self.send(told, fate)
        self.wait_for(told["client_generated_id"])
        return str(told["client_generated_id"])

    def send(self, told: Mapping[str, Any], fate: str = PROCESSED) -> bool:
        """Send an event; returns whether it was known already."""
        answer = self.ask("POST", EVENTS, told)
        self._record.accept(self.id, told["client_generated_id"], told["event_type"], fate)
        return bool(answer["duplicate"])

    def send_all(self, told: list[dict[str, Any]]) -> list[str]:
        """Send a batch; returns what became of each event."""
        results = self.ask("POST", f"{EVENTS}/batch", {"events": told})["results"]
        statuses = [str(each["status"]) for each in results]
        for each, status in zip(told, statuses, strict=True):
            if status == "accepted":
                self._record.accept(self.id, each["client_generated_id"], each["event_type"])
        return statuses

    def wait_for(self, event_id: str) -> Any:
        """The state of an event that has its outcome.

        Raises:
            CallFailed: it has none in time
        """
        path, deadline = f"{EVENTS}/{event_id}", time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            state = self.ask("GET", path)
            if state["outcome"]:
                return state
            time.sleep(_POLL_SECONDS)
        raise CallFailed(f"{path}: no outcome in {_WAIT_SECONDS:.0f} s", answered=True)

    def states(self) -> dict[str, Any]:
        """Every event of the user that was accepted, by its id."""
        ids = list(self._record.accepted.get(self.id, {}))
        if not ids:
            return {}
        found = self.ask("POST", f"{EVENTS}/status", {"ids": ids})["events"]
        return {each["client_generated_id"]: each for each in found}

    def upload(self, content: bytes, title: str, content_type: str) -> str:
        """Send a file straight to the object store; returns the video's id.

        Raises:
            CallFailed: the API or the store refused it
        """
        said = {"filename": "clip.mp4", "content_type": content_type, "title": title}
        wanted = {**said, "size_bytes": len(content), "client_generated_id": new_id()}
        made = self.ask("POST", "/api/v1/videos", wanted)
        put = made["upload"]
        done = httpx.request(
            put["method"], put["url"], content=content, headers=put["headers"], trust_env=False
        )
        if not done.is_success:
            raise CallFailed(
                f"the object store refused the file: {done.status_code}", answered=True
            )
        self.ask("POST", f"/api/v1/videos/{made['video_id']}/complete", {})
        return str(made["video_id"])

    def wait_for_video(self, video_id: str, seconds: float) -> Any:
        """A video that is processed.

        Raises:
            CallFailed: it failed, or is not ready in time
        """
        path, deadline = f"/api/v1/videos/{video_id}", time.monotonic() + seconds
        while time.monotonic() < deadline:
            video = self.ask("GET", path)
            if video["failure"]:
                raise CallFailed(f"{path}: {video['failure']['reason']}", answered=True)
            if video["post_id"]:
                return video
            time.sleep(_POLL_SECONDS)
        raise CallFailed(f"{path}: not processed in {seconds:.0f} s", answered=True)


class Operator(Caller):
    """Who runs the system."""

    def __init__(self, base_url: str, admin_key: str) -> None:
        super().__init__(base_url, headers={"X-API-Key": admin_key})

    def reconcile(self) -> list[dict[str, Any]]:
        """The accounts of each service."""
        found: list[dict[str, Any]] = self.ask("GET", "/api/v1/ops/reconcile?days=1")["services"]
        return found

    def dead_letters(self) -> list[dict[str, Any]]:
        """What services did not take, newest first."""
        found: list[dict[str, Any]] = self.ask("GET", "/api/v1/ops/dead-letters")["dead_letters"]
        return found
