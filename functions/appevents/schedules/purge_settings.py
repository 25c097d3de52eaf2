"""What the service of settings keeps for a while only."""

from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
