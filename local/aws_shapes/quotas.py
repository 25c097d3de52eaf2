"""Limits of AWS that more than one part of the harness keeps to."""

from __future__ import annotations

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of an event or an answer ("Lambda quotas": invocation payload, synchronous)."""
