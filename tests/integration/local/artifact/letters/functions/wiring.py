"""The wiring of letters: a database, and public endpoints that need nothing else."""

from __future__ import annotations

import os
from functools import cache

from chalicelib.letters.configuration import Configuration
from fintegrate.database import Database
from fintegrate.http.endpoint import Endpoint, RequestParts, endpoints
from fintegrate.settings import load


@cache
def database():
    """This process's database."""
    return Database(load(Configuration, os.environ).letters_database_url)


def request_parts():
    """Nobody says who calls, so nobody is limited or audited."""
    return RequestParts(database(), {}, None, None, None, 100_000)


endpoint = endpoints(request_parts, Endpoint)
