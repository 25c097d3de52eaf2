"""The one decorator of every endpoint: authenticate, limit, parse, one transaction, publish, answer.

A handler takes a `Call` and returns an `Answer`. Everything around it happens here. Errors become
answers here and nowhere else. `fintegrate.http.request_scope` sets the current request.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import Enum
from functools import wraps
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from chalice.app import Response
from pydantic import BaseModel

from fintegrate.access.caller import Caller, Refused, Scheme
from fintegrate.database import ConnectionLost, Database, Row
from fintegrate.errors import (
    ApiError,
    Conflict,
    Crash,
    Forbidden,
    Invalid,
)
from fintegrate.http.audit import Audited, AuditEntry, AuditLog
from fintegrate.http.envelope import answer, crash, dumps
from fintegrate.http.idempotency import (
    IdempotencyKeys,
    check_key,
    former_hash,
    request_hash,
)
from fintegrate.http.rate_limit import RateLimiter
from fintegrate.http.requests import Request, current
from fintegrate.http.validation import RequestModel
from fintegrate.logs import key_id
from fintegrate.metrics import AUTH_REFUSALS, IDEMPOTENCY
from fintegrate.metrics_store import Metrics
from fintegrate.redaction import redacted

log = logging.getLogger(__name__)
B = TypeVar("B", bound=BaseModel)
P = ParamSpec("P")


class Access(Enum):
    """Who may call an endpoint."""

    TENANT = "tenant"
    ADMIN = "admin"
    OPTIONAL = "optional"
    """Anybody; who sends credentials is known by them, and refused if they are not valid."""
    PUBLIC = "public"
    """Anybody, and credentials are not looked at."""


class Nothing(RequestModel):
    """A request that takes no fields."""


ANYBODY = Caller(owner_id="", owner_name="", key_id="", is_admin=False)
"""The caller of whom nothing is known. Its id belongs to no owner."""
READERS_ONLY_LOOK = "This session may only look; sign in without read_only, or send dry_run: true"


class RequestParts(NamedTuple):
    """What one function process keeps between requests."""

    database: Database
    schemes: Mapping[str, Scheme]
    """The schemes of authentication by name. Endpoints use these names."""
    rate_limiter: RateLimiter
    """By the caller's `key_id`."""
    metrics: Metrics
    audit: AuditLog | None
    """None where callers are persons who act for themselves."""
    idempotency_keys: IdempotencyKeys | None
    """None where requests are safe to repeat anyway: then the header is ignored."""
    max_body_bytes: int
    publish_new: Callable[[Row, float], None] | None = None
    """Publishes a handler's event after the commit, and never raises. The second argument is a time on
    the monotonic clock before the event was written. None where handlers write no events."""
    session_limiter: RateLimiter | None = None
    """By the caller's session, where the system has sessions."""
    further_schemes: Mapping[str, Scheme] = MappingProxyType({})
    """Those that only endpoints take that name them in `also`."""
    admins_only: str = "This endpoint is the admin's"
    """The refusal of other callers at an admin's endpoint."""


@dataclass(frozen=True, slots=True)
class Call(Generic[B]):
    """One request, as a handler gets it."""

    body: B
    caller: Caller
    db: Database
    request: Request
    path: Any = None
    """The path's parameters: an instance of `Endpoint.path`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns: the `data` of the envelope, and the event that it has written.

    Its `headers` replace those that every answer has, except `X-Request-Id`. They are not stored with
    an idempotency key, so a replayed answer lacks them. Who has the version that an `ETag` of them names
    gets 304 without `data`. `after_commit` is called after the commit and
    before the event is published. It must not raise. `outcome` makes `data` after that, where it has to
    be waited for while no transaction is open. Its errors are answered as the handler's are. What it
    makes is not stored with an idempotency key, so its endpoint takes none. With `audited` the audit log
    gets a row in the handler's transaction, whatever the method and whoever calls.
    """

    data: Any = field(default_factory=dict)
    event: Row | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_commit: Callable[[], object] | None = None
    outcome: Callable[[], Any] | None = None
    audited: Audited | None = None
    media_type: str | None = None
    """Of this answer, in place of the endpoint's: `data` is the whole body then, as text."""


class Accepted(NamedTuple):
    """What `Answer.outcome` returns when the work goes on without the caller: answered with 202."""

    data: Any


class Endpoint(NamedTuple):
    """How an endpoint behaves, and what the OpenAPI document says of it.

    Attributes:
        takes: the model that validates the request.
        gives: a `TypedDict` that describes `data` and validates nothing. A cold start makes eight of
            them in the time of one pydantic model. It comes from `typing_extensions`, because before
            Python 3.12 pydantic reads no other.
        transaction: runs the handler's statements in one transaction. Otherwise each commits by itself.
        idempotency: False where an answer must never be stored.
        media_type: the type of `data`, which is then the whole body as text, without the envelope.
            Refusals keep the envelope.
        schemes: the accepted schemes of authentication; if empty, all schemes of the system. The first
            one that the request carries is used.
        looks_up: whether the request may name something that does not exist (404); for the document.
        conflict: what the handler refuses with 409; for the document.
        path: the model of the path's parameters, such as `id` in `/items/{id}`.
        asks_another: whether the answer is another server's, which may fail (502) or keep silent (504);
            for the document.
        versioned: whether answers have an `ETag`; for the document.
        may_give: another type than the usual one that `data` may have (`Answer.media_type`).
        also: further schemes that are accepted, where the system has them (`further_schemes`).
        for_readers: whether a session that may only look may call it, though it is no GET.
        later: when it answers 202 (`Accepted`); for the document. The audit log then has 202: its row is
            written before the work.
    """

    takes: type[BaseModel]
    gives: type[Mapping[str, object]] | None = None
    status: int = 200
    access: Access = Access.TENANT
    transaction: bool = False
    idempotency: bool = True
    media_type: str | None = None
    schemes: tuple[str, ...] = ()
    looks_up: bool = False
    conflict: str | None = None
    path: type[BaseModel] | None = None
    asks_another: bool = False
    versioned: bool = False
    may_give: str | None = None
    also: tuple[str, ...] = ()
    for_readers: bool = False
    later: str | None = None


Handler = Callable[[Call[Any]], Answer]
View = Callable[..., Response]
"""Chalice passes the parameters of the path by name; the endpoint reads them from the request."""


def endpoints(
    parts: Callable[[], RequestParts], spec: Callable[P, Endpoint]
) -> Callable[P, Callable[[Handler], View]]:
    """Make the decorator of a system's endpoints; it takes the arguments of `spec` (`Endpoint`).

    It turns a handler into a Chalice view. `parts` is called per request, never at import.
    """

    def endpoint(*args: P.args, **kwargs: P.kwargs) -> Callable[[Handler], View]:
        described = spec(*args, **kwargs)

        def decorate(handler: Handler) -> View:
            @wraps(handler)
            def view(**_path: str) -> Response:
                return _Answering(parts, described, current.get()).respond(handler)

            view.__endpoint__ = described  # type: ignore[attr-defined]
            return view

        return decorate

    return endpoint


class _Answering:
    """Turns one request into its answer."""

    def __init__(self, parts: Callable[[], RequestParts], spec: Endpoint, request: Request) -> None:
        self._load = parts
        self._spec = spec
        self._request = request
        self._caller: Caller | None = None
        self._headers: dict[str, str] = {}

    def respond(self, handler: Handler) -> Response:
        try:
            self._parts = self._load()
            self._request.metrics = self._parts.metrics
            return self._run(handler)
        except Refused as refused:
            self._parts.metrics.count(AUTH_REFUSALS, refused.reason)
            key_id.set(refused.key_id or "")
            self._audit_refusal(refused.error, refused)
            return self._refusal(refused.error)
        except ApiError as error:
            self._audit_refusal(error)
            return self._refusal(error)
        except Exception:
            log.exception("crash in %s %s", self._request.method, self._request.path)
            self._audit_refusal(Crash("the handler crashed; the log has the reference"))
            return crash(self._request.id)

    def _run(self, handler: Handler) -> Response:
        caller = self._admit()
        body = self._request.parse(self._spec.takes, self._parts.max_body_bytes)
        path = self._request.parse_path(self._spec.path) if self._spec.path else None
        self._check_rights(caller, body)
        call = Call(body, caller, self._parts.database, self._request, path)
        key = self._idempotency_key()
        with self._transaction(key):
            stored = self._replay(key) if key else None
            if stored is not None:
                self._headers["Idempotency-Replayed"] = "true"
                status = int(stored["response_status"])
                return answer(status, stored["response_json"], headers=self._headers)
            began = time.monotonic()
            result = handler(call)
            if key and self._parts.idempotency_keys:
                self._parts.idempotency_keys.store(
                    caller.owner_id, key, self._spec.status, result.data
                )
            if not is_dry_run(body):
                self._write_audit(caller, result.audited)
        if result.after_commit is not None:
            self._after_commit(result.after_commit)
        if result.event is not None and self._parts.publish_new is not None:
            self._parts.publish_new(result.event, began)
        return self._success(result)

    def _check_rights(self, caller: Caller, body: BaseModel) -> None:
        """Refuse the acts of a session that may only look; a dry run is none."""
        if not caller.read_only or self._request.method == "GET" or self._spec.for_readers:
            return
        if not is_dry_run(body):
            raise Forbidden(READERS_ONLY_LOOK)

    def _write_audit(self, caller: Caller, said: Audited | None) -> None:
        if self._parts.audit is None or (said is None and not self._audited):
            return
        who = (said.by if said else None) or caller
        status = 202 if self._spec.later else self._spec.status
        entry = self._entry(status, said.reason if said else "done", who)
        if said is not None:
            details = redacted(dumps(said.details)) if said.details else None
            entry = entry._replace(subject_owner_id=said.subject, details=details)
        self._parts.audit.write(entry)

    def _after_commit(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception:  # the rows are committed, so the answer is a success all the same
            log.exception("after %s %s", self._request.method, self._request.path)

    def _success(self, result: Answer) -> Response:
        spec, headers = self._spec, {**self._headers, **result.headers}
        data = result.data if result.outcome is None else result.outcome()
        tag = headers.get("ETag")
        if tag is not None and self._request.has_version(tag):
            return Response("", {**headers}, 304)
        if isinstance(data, Accepted):
            return answer(202, data.data, headers=headers)
        media_type = result.media_type or spec.media_type
        if media_type is None:
            return answer(spec.status, data, headers=headers)
        return Response(data, {"Content-Type": media_type, **headers}, spec.status)

    def _admit(self) -> Caller:
        if self._spec.access is Access.PUBLIC:
            return ANYBODY
        parts, request = self._parts, self._request
        scheme, limiter = self._scheme(), parts.rate_limiter
        if self._is_anonymous(scheme):
            self._headers.update(limiter.take_of_address(request.source_ip))
            return ANYBODY
        known = scheme.recognised(request)
        asked = (
            limiter.ask(known.key_id) if known else None
        )  # Redis answers while the key's row is read
        caller = scheme.authenticate(request, known)
        self._caller = caller
        key_id.set(caller.key_id)
        if caller.session_id is not None and parts.session_limiter is not None:
            self._headers.update(parts.session_limiter.take(caller.session_id))
        else:
            self._headers.update(limiter.take(caller.key_id, asked))
        if self._spec.access is Access.ADMIN and not caller.is_admin:
            parts.metrics.count(AUTH_REFUSALS, "not_admin")
            raise Forbidden(parts.admins_only)
        return caller

    def _is_anonymous(self, scheme: Scheme) -> bool:
        # Credentials of a scheme that is not taken are refused, too: their sender expects to be known.
        request = self._request
        return (
            self._spec.access is Access.OPTIONAL
            and not scheme.carried_by(request)
            and not request.header("authorization")
        )

    def _scheme(self) -> Scheme:
        """The first scheme that the request carries, else the first: it names what is missing."""
        known = self._parts.schemes
        schemes = [known[name] for name in self._spec.schemes or known]
        if self._spec.also:
            further = self._parts.further_schemes
            schemes += [further[name] for name in self._spec.also if name in further]
        return next((s for s in schemes if s.carried_by(self._request)), schemes[0])

    @property
    def _audited(self) -> bool:
        """Whether this is an admin's action: any call of the admin that is not a GET."""
        return (
            self._parts.audit is not None
            and self._caller is not None
            and self._caller.is_admin
            and self._request.method != "GET"
        )

    def _transaction(self, key: str | None) -> Any:
        if key or self._audited or self._spec.transaction:
            return self._parts.database.transaction()
        return nullcontext()

    def _idempotency_key(self) -> str | None:
        key = self._request.header("idempotency-key")
        if key is None or self._request.method != "POST" or not self._parts.idempotency_keys:
            return None
        if not self._spec.idempotency:
            raise Invalid(
                "Idempotency-Key: is not taken here, because the answer holds a secret that is "
                "never stored; send the request without it"
            )
        check_key(key)
        return key

    def _replay(self, key: str) -> Row | None:
        assert self._caller is not None
        request = self._request
        body = request.text(self._parts.max_body_bytes)
        digest = request_hash(request.method, request.path, body)
        former = former_hash(request.method, request.path, body)
        metrics, keys = self._parts.metrics, self._parts.idempotency_keys
        assert keys is not None
        try:
            stored = keys.replay_or_reserve(self._caller.owner_id, key, digest, former)
        except Conflict:
            metrics.count(IDEMPOTENCY, "conflict")
            raise
        metrics.count(IDEMPOTENCY, "new" if stored is None else "replayed")
        return stored

    def _refusal(self, error: ApiError) -> Response:
        headers = {**self._headers, **error.headers}
        return answer(error.status, {}, redacted(error.description), headers, error.reason)

    def _audit_refusal(self, error: ApiError, refused: Refused | None = None) -> None:
        who = self._caller or refused
        if who is None or who.key_id is None or isinstance(error, ConnectionLost):
            return  # keys that are missing or malformed have no id and never touch the database
        if self._parts.audit is not None:
            exists = self._caller is not None or (refused is not None and refused.exists)
            entry = self._entry(error.status, error.description, who)
            self._parts.audit.write_refusal(entry, exists=exists)

    def _entry(self, status: int, reason: str, who: Caller | Refused) -> AuditEntry:
        request = self._request
        return AuditEntry(
            request_id=request.id,
            owner_id=who.owner_id,
            key_id=who.key_id or None,
            action=f"{request.method} {request.path}",
            status_code=status,
            reason=redacted(reason),
            source_ip=request.source_ip,
            actor=who.actor or None,
            session_id=who.session_id,
        )


def is_dry_run(body: BaseModel) -> bool:
    """Whether a request only asks what an act would hit: it does nothing, so it leaves no row."""
    return getattr(body, "dry_run", None) is True
