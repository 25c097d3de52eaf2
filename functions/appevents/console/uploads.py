"""The statements of uploads, which lie in the database of videos."""

from __future__ import annotations

from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
