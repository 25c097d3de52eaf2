"""Which tests must run on one worker, because they share something that is costly to make.

xdist's own groups (`xdist_group`) rest on a suffix to a test's id, which pytest takes no more since 9.2:
then they are ignored without a word. So the place of a test decides.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

OWN_SERVERS = "servers that are stopped"
KILL_POINTS = "kill points"
TOGETHER = {
    "tests/integration/outages/": OWN_SERVERS,
    "tests/integration/local/services/test_services.py": OWN_SERVERS,
    "tests/chaos/test_faults_under_load.py": OWN_SERVERS,
    "tests/chaos/test_kill_points.py": KILL_POINTS,
}


class TogetherScheduling(LoadScopeScheduling):
    """Each test goes to whoever is free, but the tests of one place to the same worker."""

    def _split_scope(self, nodeid: str) -> str:
        """The name under which tests are kept together: its own for most of them."""
        return next((name for place, name in TOGETHER.items() if nodeid.startswith(place)), nodeid)
