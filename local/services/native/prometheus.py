"""Finds Prometheus and `promtool`, which checks its rules."""

from __future__ import annotations

from local.services.native.programs import Program

PROMETHEUS = Program(
    "prometheus",
    packages={"apt-get": "prometheus", "brew": "prometheus", "apk": "prometheus"},
    is_service=True,
)
PROMTOOL = "promtool"
"""The program that comes with it."""
