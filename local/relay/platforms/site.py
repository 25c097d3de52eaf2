"""All platforms behind one address, and the pages that rule them: `/_seen`, `/_behave`, `/_accounts`."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf
from typing import Any

import orjson
from pydantic import ValidationError

from local.relay.platforms.behaviour import Behaviour, Behaviours
from local.relay.platforms.exchange import Refusal, Reply, Request, Sending, json_reply
from local.relay.platforms.ga4 import Ga4
from local.relay.platforms.held import Account, Held
from local.relay.platforms.meta import Meta
from local.relay.platforms.pinterest import Pinterest
from local.relay.platforms.platform import Batch, Platform, Problem
from local.relay.platforms.sgtm import TagManager
from local.relay.platforms.snapchat import Snapchat
from local.relay.platforms.tiktok import TikTok
from local.relay.platforms.webhook import Receivers

ALL: Sequence[Platform] = (
    *(TagManager(), Meta(), Ga4(), TikTok(), Pinterest(), Snapchat(), Receivers()),
)
NAMES = tuple(platform.name for platform in ALL)
_PAGE = b"<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"
_ON_DEMAND = " was refused on demand"


class Site:
    """Answers every request of the server.

    Args:
        clock: the Unix time in seconds
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held = Held()
        self._behaviours = Behaviours()
        self._victims: set[tuple[str, str, str]] = set()
        self._platforms = {platform.name: platform for platform in ALL}
        self._pages: Mapping[str, Callable[[Request], Reply]] = {
            "/_seen": self._seen,
            "/_behave": self._behave,
            "/_accounts": self._accounts,
            "/health": lambda _request: json_reply(200, {"status": "up"}),
        }

    def drops(self, head: Request) -> bool:
        """Whether the connection is closed before the body is read."""
        if not self._behaviours:
            return False
        platform, request = self._find(head)
        behaviour = self._behaviour_for(platform, request) if platform else None
        if behaviour is None or behaviour.how != "drop_before":
            return False
        self._behaviours.use(behaviour)
        return True

    def answer(self, request: Request) -> Sending:
        """Do what a request asks for."""
        page = self._pages.get(request.path)
        if page is not None:
            return Sending(page(request))
        platform, own = self._find(request)
        if platform is None:
            words = f"begin the path with one of {', '.join(NAMES)}"
            return Sending(json_reply(404, {"error": words}))
        behaviour = self._behaviour_for(platform, own) if self._behaviours else None
        if behaviour is None:
            return Sending(self._served(platform, own, None))
        self._behaviours.use(behaviour)
        return self._misbehaving(platform, own, behaviour)

    def _find(self, request: Request) -> tuple[Platform | None, Request]:
        """The platform, and the request as that platform gets it."""
        name, slash, path = request.path[1:].partition("/")
        return self._platforms.get(name), request._replace(path=slash + path)

    def _behaviour_for(self, platform: Platform, request: Request) -> Behaviour | None:
        return self._behaviours.find(platform.name, platform.account_of(request))

    def _served(self, platform: Platform, request: Request, behaviour: Behaviour | None) -> Reply:
        """The platform's proper answer; what it takes is counted."""
        try:
            batch = platform.read(request)
        except Refusal as refusal:
            name = refusal.account or platform.account_of(request) or "?"
            account = self._held.account(platform.name, name[:64])
            account.requests += 1
            account.refuse_request(str(refusal))
            return refusal.reply
        account = self._held.account(platform.name, batch.account)
        account.requests += 1
        if refused := self._refused(platform, batch, account, behaviour):
            return refused
        return self._judged(platform, batch, account, behaviour)

    def _refused(
        self, platform: Platform, batch: Batch, account: Account, behaviour: Behaviour | None
    ) -> Reply | None:
        """The answer to a request that may not come in."""
        if account.calls_too_often(platform.calls_a_minute, self._clock()):
            account.refuse_request("too many calls in a minute")
            return platform.throttled()
        unsigned = platform.verify(batch, account.credential)
        is_right = not unsigned and (platform.name == "webhook" or self._is_right(account, batch))
        if is_right and (behaviour is None or behaviour.how != "refuse_token"):
            return None
        account.refuse_request(unsigned or "the credential is not right")
        return platform.unauthorised(batch)

    @staticmethod
    def _is_right(account: Account, batch: Batch) -> bool:
        return bool(batch.credential) and account.is_right(batch.credential)

    def _judged(
        self, platform: Platform, batch: Batch, account: Account, behaviour: Behaviour | None
    ) -> Reply:
        now = self._clock()
        problems = [platform.problem(event, batch, now) for event in batch.events]
        if behaviour is not None or self._victims:
            problems = self._with_victims(platform, batch, problems, behaviour)
        reply, takes_sound = platform.reply(batch, problems)
        if batch.is_test:
            account.tests += len(batch.events)
            return reply
        takes = takes_sound or not any(problems)
        for event, problem in zip(batch.events, problems, strict=True):
            if problem:
                account.refuse(problem.lstrip(".: "))
            elif takes:
                account.take(platform.copy(event, batch, now), now)
        return reply

    def _with_victims(
        self,
        platform: Platform,
        batch: Batch,
        problems: Sequence[Problem],
        behaviour: Behaviour | None,
    ) -> list[Problem]:
        """Refuse events that were chosen before, and choose one more if that is asked for."""
        now = self._clock()
        marks = [
            None if problem else (platform.name, batch.account, platform.copy(event, batch, now).id)
            for event, problem in zip(batch.events, problems, strict=True)
        ]
        if behaviour is not None and behaviour.how == "refuse_event":
            chosen = marks[min(max(behaviour.event, 1), len(marks)) - 1]
            self._victims |= {chosen} if chosen else set()
        return [
            _ON_DEMAND if mark in self._victims else problem
            for mark, problem in zip(marks, problems, strict=True)
        ]

    def _misbehaving(self, platform: Platform, request: Request, behaviour: Behaviour) -> Sending:
        how = behaviour.how
        if how == "drop_before":  # of an account that only the body names
            return Sending(None)
        if how == "silent":
            if behaviour.takes:
                self._served(platform, request, behaviour)
            return Sending(Reply(), after=inf)
        if how in {"throttle", "fail", "html", "redirect", "error_in_200"}:
            return Sending(self._instead(platform, request, behaviour))
        return _sent(self._served(platform, request, behaviour), behaviour)

    def _instead(self, platform: Platform, request: Request, behaviour: Behaviour) -> Reply:
        """An answer in place of the proper one; nothing is taken."""
        name = platform.account_of(request) or "?"
        account = self._held.account(platform.name, name[:64])
        account.requests += 1
        account.refuse_request(f"{behaviour.how} on demand")
        match behaviour.how:
            case "throttle":
                return _waiting(platform.throttled(), behaviour)
            case "html":
                return Reply(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
            case "redirect":
                return Reply(302, b"", {"Location": "https://example.com/elsewhere"})
            case "error_in_200":
                return platform.unwell(200, _count(platform, request))
        return _waiting(platform.unwell(behaviour.status, 0), behaviour)

    def _seen(self, request: Request) -> Reply:
        """`GET /_seen?platform=…&account=…&ids=1`; `DELETE` forgets it."""
        if request.method == "DELETE":
            self._held.forget()
            return json_reply(200, {})
        query = request.query
        with_ids = query.get("ids", "") in {"1", "true"}
        shown = self._held.shown(query.get("platform"), query.get("account"), with_ids)
        return json_reply(200, shown)

    def _behave(self, request: Request) -> Reply:
        """`POST /_behave` sets a behaviour, `GET` lists them, `DELETE` ends them (`?platform=…`)."""
        if request.method == "DELETE":
            self._behaviours.clear(request.query.get("platform"))
            self._victims.clear()
        elif request.method == "POST":
            try:
                self._behaviours.add(Behaviour.model_validate_json(request.body))
            except ValidationError as error:
                wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
                return json_reply(422, {"error": "; ".join(wrong)})
        return json_reply(200, {"behaviours": self._behaviours.shown()})

    def _accounts(self, request: Request) -> Reply:
        """`POST /_accounts` says which credential is the right one of an account."""
        wanted = _json(request)
        names = ("platform", "account", "credential")
        values = [wanted.get(name) for name in names] if isinstance(wanted, dict) else []
        if not values or not all(isinstance(value, str) and value for value in values):
            return json_reply(422, {"error": f"send {', '.join(names)} as texts"})
        platform, account, credential = map(str, values)
        if platform not in NAMES:
            return json_reply(422, {"error": f"platform must be one of {', '.join(NAMES)}"})
        self._held.account(platform, account).credential = credential
        return json_reply(200, {})


def _json(request: Request) -> Any:
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None


def _count(platform: Platform, request: Request) -> int:
    try:
        return len(platform.read(request).events)
    except Refusal:
        return 1


def _sent(proper: Reply, behaviour: Behaviour) -> Sending:
    """The platform's proper answer, sent badly."""
    reply = proper._replace(status=200, body=b"{ }") if proper.status == 204 else proper
    match behaviour.how:
        case "drop_after":
            return Sending(None)
        case "slow":
            return Sending(proper, after=behaviour.delay)
        case "drip":
            return Sending(reply, between=behaviour.delay)
        case "huge":
            return Sending(reply._replace(body=reply.body + b" " * behaviour.size))
        case "compressed":
            headers = {**reply.headers, "Content-Encoding": "gzip"}
            return Sending(Reply(reply.status, gzip.compress(reply.body), headers))
    return Sending(proper)


def _waiting(reply: Reply, behaviour: Behaviour) -> Reply:
    """With `Retry-After` in the form that is asked for."""
    if behaviour.retry_after is None:
        return reply
    wait = str(behaviour.retry_after)
    if behaviour.as_date:
        moment = datetime.now(UTC) + timedelta(seconds=behaviour.retry_after)
        wait = format_datetime(moment, usegmt=True)
    return reply._replace(headers={**reply.headers, "Retry-After": wait})
