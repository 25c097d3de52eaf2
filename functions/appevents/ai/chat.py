"""Asks a chat endpoint that speaks OpenAI's format, and reads its answer.

The way out is `fintegrate.outgoing`: no redirect is followed, so the key goes to one host only. Neither
prompt, answer nor key is logged: log lines have the status, or what the way out says in its own words.
Sources: "Create chat completion" in OpenAI's API reference; "API Endpoints" in Open WebUI's docs.
"""

from __future__ import annotations

import json
import logging
import math
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from chalicelib.appevents.configuration import Configuration
from fintegrate.errors import ApiError, BadGateway, GatewayTimeout, TooManyRequests, Unavailable
from fintegrate.outgoing.client import Client, Patience, Pool
from fintegrate.outgoing.connection import Bounds
from fintegrate.outgoing.exchange import Answer, Failure, Kind, Request
from fintegrate.outgoing.urls import own_hosts
from fintegrate.settings import SettingsError

NEEDED = ("AI_ENDPOINT", "AI_API_KEY", "AI_MODEL")
MOST_BYTES = 1_048_576
LONGEST_SECONDS = 25
"""The gateway gives up after 29 s, and the function needs time of its own."""
CONNECT_SECONDS = 3.0
OFF_SECONDS = 3_600
"""When to ask again while it is off: only the operator can change that."""
WAIT_SECONDS = 10
"""When to ask again if the AI has too much to do, and does not say how long."""
LONGEST_NAME = 200
FAILED, SILENT, BUSY, OFF = "ai_failed", "ai_silent", "ai_busy", "ai_off"
log = logging.getLogger(__name__)


class Said(NamedTuple):
    """An answer."""

    text: str
    model: str


class Chat:
    """A chat endpoint."""

    def __init__(self, pool: Pool, url: str, key: str, model: str) -> None:
        self._pool = pool
        self._url = url
        self._model = model
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def ask(self, prompt: str) -> Said:
        """Ask, once.

        Raises:
            BadGateway: what came is no answer that can be used, or the key was refused.
            GatewayTimeout: it did not answer in time.
            TooManyRequests: it has too much to do.
        """
        messages = [{"role": "user", "content": prompt}]
        asked = {"model": self._model, "messages": messages, "stream": False}
        result = self._pool.send(
            Request("POST", self._url, self._headers, json.dumps(asked).encode())
        )
        if isinstance(result, Failure):
            raise _refusal_of(result)
        if result.status != 200:
            log.warning("the AI answered %d", result.status)
            raise _of_status(result)
        said = _said_in(result, self._model)
        if said is None:
            log.warning("the AI's answer cannot be used (whole: %s)", result.is_whole)
            raise BadGateway("The AI's answer cannot be read; try again later", reason=FAILED)
        return said


@lru_cache(maxsize=2)
def chat_of(settings: Configuration) -> Chat:
    """The chat endpoint of a process. Opens no connection.

    Raises:
        Unavailable: it is off, or its settings cannot be used.
    """
    missing = [name for name in NEEDED if not getattr(settings, name.lower())]
    if missing:
        words = f"The AI is off: the operator has not set {', '.join(missing)}"
        raise Unavailable(words, OFF_SECONDS, reason=OFF)
    url = f"{settings.ai_endpoint.rstrip('/')}/{settings.ai_chat_path.lstrip('/')}"
    try:
        allowed = own_hosts(url, settings.stage, "AI_ENDPOINT with AI_CHAT_PATH")
    except SettingsError as error:
        log.error("%s", error)  # noqa: TRY400 - it is the operator's mistake, not ours
        words = "The AI is off: the operator must correct AI_ENDPOINT or AI_CHAT_PATH"
        raise Unavailable(words, OFF_SECONDS, reason=OFF) from None
    whole = float(min(settings.ai_timeout_seconds, LONGEST_SECONDS))
    client = Client(allowed, bounds=Bounds(body=MOST_BYTES))
    # None is kept: an answer takes seconds, and a function that was frozen would ask a dead connection.
    pool = client.pool(0, Patience(whole, min(CONNECT_SECONDS, whole)))
    return Chat(pool, url, settings.ai_api_key, settings.ai_model)


def _refusal_of(failure: Failure) -> ApiError:
    log.warning("the AI gave no answer: %s", failure.why)
    if failure.kind is Kind.TIMEOUT:
        return GatewayTimeout("The AI did not answer in time; try again later", reason=SILENT)
    return BadGateway("The AI cannot be reached; try again later", reason=FAILED)


def _of_status(answer: Answer) -> ApiError:
    """An error of the AI's. Its words are not passed on: they may repeat the prompt or the key."""
    if answer.status == 429:
        waits = answer.retry_after()
        seconds = WAIT_SECONDS if waits is None else max(1, math.ceil(waits))
        words = f"The AI is busy; try again in {seconds} s"
        return TooManyRequests(words, seconds, reason=BUSY)
    if answer.status in {401, 403}:
        words = "The AI does not accept our key; tell the operator"
        return BadGateway(words, reason=FAILED)
    return BadGateway(f"The AI answered with status {answer.status}", reason=FAILED)


def _said_in(answer: Answer, model: str) -> Said | None:
    """What an answer says; None if that cannot be read."""
    kind = answer.headers.get("content-type", "application/json")
    if not answer.is_whole or "json" not in kind.lower():
        return None
    body: Any = None
    with suppress(ValueError, RecursionError):
        body = json.loads(answer.body)
    try:
        text = body["choices"][0]["message"]["content"]
    except (LookupError, TypeError):
        return None
    if not isinstance(text, str):
        return None
    named = body.get("model")
    is_named = isinstance(named, str) and 0 < len(named) <= LONGEST_NAME
    return Said(_whole(text), _whole(named) if is_named else model)


def _whole(text: str) -> str:
    """Halves of characters, which JSON can write and UTF-8 cannot, are replaced."""
    return text.encode(errors="replace").decode()
