"""Keeps tests on one worker when they share something that is costly to make.

A file's tests stay together, so that what its fixtures make for the module is made once. Several files
stay together where they share servers. Their order is that of the collection: the unit tests, which are
short, come last and leave no worker idle.

A test's path decides. xdist's own groups (`xdist_group`) rely on a suffix of the test's id. Since
pytest 9.2 they are ignored silently.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

OWN_SERVERS = "servers that are stopped"
OWN_CACHE = "a cache that is stopped"
CONSOLE_FLOWS = "a server with faults"
BY_HTTP = "tests/acceptance/http/"
TOGETHER = {
    "tests/integration/outages/": OWN_SERVERS,
    "tests/integration/local/services/test_services.py": OWN_SERVERS,
    "tests/integration/local/appevents/test_health_without_servers.py": OWN_SERVERS,
    "tests/chaos/test_faults_under_load.py": OWN_SERVERS,
    "tests/chaos/test_relay_faults_under_load.py": OWN_SERVERS,
    "tests/chaos/test_appevents_faults_under_load.py": OWN_SERVERS,
    "tests/nights/test_refused_password.py": OWN_SERVERS,
    "tests/acceptance/test_forgotten_person.py": OWN_SERVERS,
    "tests/integration/banking/console/flows/": CONSOLE_FLOWS,
    "tests/integration/requests/test_outage.py": OWN_CACHE,
    "tests/integration/requests/test_rate_limit.py": OWN_CACHE,
    "tests/integration/requests/test_redis_": OWN_CACHE,
}
_WAY = re.compile(r"[\[-](source|process|container)[\]-]")


class TogetherScheduling(LoadScopeScheduling):
    """Any free worker gets the next file, but all files of one group go to the same worker."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The name of a test's group: its file, unless it shares more with others."""
    if nodeid.startswith(BY_HTTP) and (way := _WAY.search(nodeid)):
        return f"a server of kind {way[1]}"
    file = nodeid.partition("::")[0]
    return next((name for place, name in TOGETHER.items() if file.startswith(place)), file)
