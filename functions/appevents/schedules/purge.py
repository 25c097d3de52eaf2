"""The rows of every service that are past their retention."""

from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
