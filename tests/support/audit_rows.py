"""An audit log of operators: what its list finds, and what it may read of many rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fintegrate.console import audit_list
from tests.support.plans import rows_read

Listed = Callable[..., Any]
"""Asks for the list with these filters; returns the answer's data."""
WRITE = """
INSERT INTO audit_log (request_id, owner_id, action, status_code, reason, actor, created_at)
VALUES (%(request)s, 'console', %(action)s, %(status)s, %(reason)s, %(actor)s,
        clock_timestamp() - make_interval(secs => %(older)s))
"""
MANY = """
INSERT INTO audit_log (request_id, owner_id, action, status_code, reason, actor, created_at)
SELECT 'm' || n, 'console', 'POST /a' || mod(n, 3), 200, 'why', CASE WHEN mod(n, 2) = 1 THEN 'Olga' END,
       clock_timestamp() - make_interval(secs => n)
FROM generate_series(1, 60000) n
"""
COMMON = {"action": "POST /a1"}
FOUND: list[tuple[dict[str, object], str]] = [
    ({}, "abc"),
    ({"actor": "Bob"}, "b"),
    ({"action": "POST /y"}, "c"),
    ({"status_code": 403}, "c"),
    ({"status_code": 403, "actor": "Bob"}, ""),
    ({"request_id": "r1", "action": "POST /x"}, "ab"),
    ({"from": "2999-01-01T00:00:00Z"}, ""),
    ({"to": "2999-01-01T00:00:00Z"}, "abc"),
]
"""Filters, and the reasons of the rows that they find among three."""


def check_filters(listed: Listed, query: Callable[..., Any]) -> None:
    """All conditions hold together, and pages have every row once."""
    usual = {"request": "r1", "action": "POST /x", "status": 200, "actor": None}
    query(WRITE, **usual, reason="a", older=1)
    query(WRITE, **{**usual, "actor": "Bob"}, reason="b", older=2)
    query(WRITE, **{**usual, "action": "POST /y", "status": 403}, reason="c", older=3)

    for wanted, found in FOUND:
        assert "".join(row["reason"] for row in listed(**wanted)["rows"]) == found, wanted
    pages, cursor = [], None
    while True:
        data = listed(limit=1, **({"cursor": cursor} if cursor else {}))
        pages.append([row["reason"] for row in data["rows"]])
        if (cursor := data["next_cursor"]) is None:
            break
    assert pages == [["a"], ["b"], ["c"]]


def check_bound(listed: Listed, query: Callable[..., Any]) -> None:
    """Of 60,000 rows a page reads its bound, whatever it is filtered by, and if nothing matches."""
    query(MANY)
    query("ANALYZE audit_log")
    filters: dict[str, object] = {
        "actor": "nobody",
        "action": "POST /nothing",
        "status_code": 418,
        "request_id": "none",
        "from": "2999-01-01T00:00:00Z",
    }
    alone = ({}, *({name: value} for name, value in filters.items()))
    with rows_read({"list_rows"}) as most:
        for wanted in (*alone, *({**COMMON, name: value} for name, value in filters.items())):
            most.clear()
            listed(**wanted)
            assert most["list_rows"] <= 2 * audit_list.LOOKED_AT + 10, wanted
