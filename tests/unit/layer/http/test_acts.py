"""What an endpoint does around an act: who may, and what the audit log gets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from fintegrate.access.caller import Caller
from fintegrate.errors import Conflict
from fintegrate.http.audit import Audited, AuditEntry
from fintegrate.http.endpoint import Answer, Call, Endpoint, endpoints
from fintegrate.http.requests import current
from fintegrate.http.validation import RequestModel

PROGRAM = Caller("bank", "bank", "key", is_admin=False)
PERSON = PROGRAM._replace(actor="Ann", session_id="s1")
READER = PERSON._replace(read_only=True)
OPERATOR = PERSON._replace(is_admin=True)


class Act(RequestModel):
    """An act that can be tried."""

    dry_run: bool = False


class Desk:
    """An endpoint for one caller, its audit log, and what its handler was called with."""

    def __init__(self, caller: Caller, **spec: Any) -> None:
        self.rows: list[AuditEntry] = []
        self.acts: list[Act] = []
        self._caller = caller
        self._spec = spec

    def act(
        self, method: str = "POST", *, said: Audited | None = None, **fields: object
    ) -> dict[str, Any]:
        """Call the endpoint; the status, and how many rows there were while the handler ran."""

        def handle(call: Call[Act]) -> Answer:
            self.acts.append(call.body)
            if said is not None and said.reason == "refuse":
                raise Conflict("no")
            return Answer(audited=said)

        request: Any = SimpleNamespace(
            header=lambda _name: None,
            method=method,
            path="/act",
            id="r1",
            source_ip="192.0.2.1",
            parse=lambda _model, _most: Act(**fields),  # type: ignore[arg-type]
        )
        scope = current.set(request)
        try:
            response = endpoints(self._parts, Endpoint)(Act, **self._spec)(handle)()
        finally:
            current.reset(scope)
        return {"status": response.status_code}

    def _parts(self) -> Any:
        scheme = SimpleNamespace(
            carried_by=lambda _request: True,
            recognised=lambda _request: None,
            authenticate=lambda _request, _known=None: self._caller,
        )
        audit = SimpleNamespace(
            write=self.rows.append, write_refusal=lambda entry, exists: self.rows.append(entry)
        )
        return SimpleNamespace(
            schemes={"Any": scheme},
            metrics=SimpleNamespace(count=lambda *_labels: None),
            rate_limiter=SimpleNamespace(take=lambda *_arguments: {}),
            session_limiter=None,
            audit=audit,
            idempotency_keys=None,
            max_body_bytes=100,
            database=SimpleNamespace(transaction=transaction),
            publish_new=None,
        )


@contextmanager
def transaction() -> Any:
    yield


@pytest.mark.parametrize("fields", [{}, {"dry_run": False}])
def test_reader_is_refused_acts(fields: Mapping[str, object]) -> None:
    desk = Desk(READER)

    assert desk.act(**fields) == {"status": 403}

    assert desk.acts == []
    (row,) = desk.rows
    assert (row.status_code, row.actor, row.session_id) == (403, "Ann", "s1")


@pytest.mark.parametrize(
    ("method", "spec", "fields"),
    [
        ("GET", {}, {}),
        ("POST", {}, {"dry_run": True}),
        ("DELETE", {"for_readers": True}, {}),
    ],
    ids=["look", "dry run", "for readers"],
)
def test_reader_may_look_and_try(
    method: str, spec: dict[str, Any], fields: Mapping[str, object]
) -> None:
    desk = Desk(READER, **spec)

    assert desk.act(method, **fields) == {"status": 200}

    assert len(desk.acts) == 1


def test_others_may_act() -> None:
    desk = Desk(PERSON)

    assert desk.act() == {"status": 200}

    assert desk.rows == []


@pytest.mark.parametrize(
    ("caller", "method"), [(PERSON, "POST"), (OPERATOR, "POST"), (OPERATOR, "GET")]
)
def test_audited_act_leaves_its_row(caller: Caller, method: str) -> None:
    desk = Desk(caller)

    desk.act(method, said=Audited("they asked", "another", {"matched": 3}))

    (row,) = desk.rows
    assert (row.reason, row.subject_owner_id) == ("they asked", "another")
    assert (row.details, row.actor, row.status_code) == ('{"matched":3}', "Ann", 200)


def test_operators_plain_act_is_done() -> None:
    desk = Desk(OPERATOR)

    desk.act()

    (row,) = desk.rows
    assert (row.reason, row.details, row.subject_owner_id) == ("done", None, None)


def test_refused_act_names_its_actor() -> None:
    desk = Desk(PERSON)

    assert desk.act(said=Audited("refuse")) == {"status": 409}

    (row,) = desk.rows
    assert (row.actor, row.session_id, row.reason) == ("Ann", "s1", "no")


def test_secrets_stay_out_of_the_log() -> None:
    desk = Desk(PERSON)
    secret = f"fk_{'a' * 32}_{'b' * 80}"

    desk.act(said=Audited(f"for {secret}", None, {"filter": secret}))

    (row,) = desk.rows
    assert "b" * 8 not in f"{row.reason}{row.details}"
