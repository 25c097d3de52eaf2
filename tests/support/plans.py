"""Measures statements by what the server reads for them, which is the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fintegrate.database import Database

_NAME = re.compile(r"-- name: (\w+)")


@contextmanager
def rows_read(names: set[str]) -> Iterator[dict[str, int]]:
    """The most rows that one run of each named statement visits in tables and indexes, while this lasts.

    A visited row is returned by its scan, or removed by the scan's filter.
    """
    most: dict[str, int] = {}

    def look(name: str, plan: dict[str, Any]) -> None:
        most[name] = max(sum(_visited(plan)), most.get(name, 0))

    with _explained(names, look):
        yield most


@contextmanager
def read_sequentially(names: set[str]) -> Iterator[set[str]]:
    """The tables that a plan of the named statements reads from one end to the other."""
    tables: set[str] = set()

    def look(_name: str, plan: dict[str, Any]) -> None:
        tables.update(_sequential(plan))

    with _explained(names, look):
        yield tables


@contextmanager
def _explained(names: set[str], look: Callable[[str, dict[str, Any]], None]) -> Iterator[None]:
    real = Database.fetch_all

    def explained(self: Database, sql: str, parameters: Any, **options: Any) -> Any:
        match = _NAME.match(sql)
        if match and match[1] in names:
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"
            (plan,) = real(self, explain, parameters, **options)
            assert "JIT" not in plan["QUERY PLAN"][0], "compiling costs more than reading"
            look(match[1], plan["QUERY PLAN"][0]["Plan"])
        return real(self, sql, parameters, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "fetch_all", explained)
        yield


def _sequential(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for inner in node.get("Plans", []):
        yield from _sequential(inner)


def _visited(node: dict[str, Any]) -> Iterator[int]:
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        loops = int(node["Actual Loops"])
        yield loops * int(node["Actual Rows"])
        yield loops * int(node.get("Rows Removed by Filter", 0))
    for inner in node.get("Plans", []):
        yield from _visited(inner)
