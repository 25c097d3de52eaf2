"""Which tests must run on one worker, because they share something that is costly to make.

The place of a test decides. xdist's own groups (`xdist_group`) rest on a suffix to a test's id, which
pytest has not taken since 9.2: they are ignored without a word. The acceptance tests need no entry: each
worker serves on ports and databases of its own.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

OWN_SERVERS = "servers that are stopped"
KILL_POINTS = "kill points"
TWO_SYSTEMS = "sources with a second system"
TOGETHER = {
    "tests/integration/outages/": OWN_SERVERS,
    "tests/integration/local/services/test_services.py": OWN_SERVERS,
    "tests/chaos/test_faults_under_load.py": OWN_SERVERS,
    "tests/integration/local/artifact/test_two_systems.py": TWO_SYSTEMS,
    "tests/chaos/test_kill_points.py": KILL_POINTS,
}


class TogetherScheduling(LoadScopeScheduling):
    """Each test goes to a free worker, but the tests of one place to the same worker."""

    def _split_scope(self, nodeid: str) -> str:
        """The name under which tests are kept together: its own for most of them."""
        return next((name for place, name in TOGETHER.items() if nodeid.startswith(place)), nodeid)
