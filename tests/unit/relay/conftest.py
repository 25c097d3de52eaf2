"""Property tests of the relay: no deadlines, because the machine may be busy; few examples, for time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "relay", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("relay")
