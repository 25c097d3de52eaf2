"""Keeps tests on one worker when they share something that is costly to make.

A test's path decides. xdist's own groups (`xdist_group`) rely on a suffix of the test's id. Since
pytest 9.2 they are ignored silently. The acceptance tests need no entry, because each worker has its
own ports and databases.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

OWN_SERVERS = "servers that are stopped"
KILL_POINTS = "kill points"
RELAY_KILL_POINTS = "kill points of the relay"
TWO_SYSTEMS = "sources with a second system"
TOGETHER = {
    "tests/integration/outages/": OWN_SERVERS,
    "tests/integration/local/services/test_services.py": OWN_SERVERS,
    "tests/chaos/test_faults_under_load.py": OWN_SERVERS,
    "tests/nights/test_refused_password.py": OWN_SERVERS,
    "tests/integration/local/artifact/test_two_systems.py": TWO_SYSTEMS,
    "tests/chaos/test_kill_points.py": KILL_POINTS,
    "tests/chaos/test_relay_faults_under_load.py": OWN_SERVERS,
    "tests/chaos/test_relay_kill_points.py": RELAY_KILL_POINTS,
}


class TogetherScheduling(LoadScopeScheduling):
    """Any free worker gets the next test, but all tests of one group go to the same worker."""

    def _split_scope(self, nodeid: str) -> str:
        """The name of a test's group. Most tests are a group of their own."""
        return next((name for place, name in TOGETHER.items() if nodeid.startswith(place)), nodeid)
