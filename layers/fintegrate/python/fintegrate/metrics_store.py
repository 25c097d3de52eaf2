"""What the processes of a system count together: kept in Redis, so that all of them add up.

A process counts into its memory. What it has counted goes to Redis with the next command that its
rate limiter sends, in the same packet, or at the end of an invocation that sent none (`flush`). So a
process that is ended takes with it what its last requests counted after their rate limit was asked;
what is counted while Redis is away is lost. Nothing expires; a Redis that restarts begins at zero,
which `rate()` takes for what it is. A connection that breaks may count a packet twice.

Numbers are whole: a histogram's sum is in microseconds. A label with a bound has at most so many
values in Redis, the first that came; what comes later counts as `other`.
"""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from fintegrate.metrics import COLD_STARTS, Counted
from fintegrate.redis_connection import RedisConnections, Script, ScriptCall

SEPARATOR = "\x1f"
"""Between the parts of a field: name, labels, part of a histogram, value of the label with a bound."""
SUM = "sum"
"""The part of a histogram that is its sum; the others are the numbers of its buckets."""
MICROSECONDS = 1_000_000

# The key is a hash of all fields. ARGV[1]: groups of {label with a bound or '', its bound, its value,
# increments by field}, then values by field. The values that are known of a label with a bound are
# fields themselves, and one field holds their number.
ADD = Script("""
local groups, values = unpack(cjson.decode(ARGV[1]))
for _, group in ipairs(groups) do
  local label, most, value, increments = unpack(group)
  local known = '\\31' .. label .. '\\31'
  if label ~= '' and redis.call('HEXISTS', KEYS[1], known .. value) == 0 then
    if tonumber(redis.call('HGET', KEYS[1], known) or 0) < most - 1 then
      redis.call('HSET', KEYS[1], known .. value, 1)
      redis.call('HINCRBY', KEYS[1], known, 1)
    else
      value = 'other'
    end
  end
  for field, by in pairs(increments) do
    redis.call('HINCRBY', KEYS[1], field .. value, by)
  end
end
for field, value in pairs(values) do
  redis.call('HSET', KEYS[1], field, value)
end
""")
READ = Script("return redis.call('HGETALL', KEYS[1])")


class Slot(NamedTuple):
    """Where a series is counted, as pieces of JSON: each is made once, and sent with every request."""

    group: str
    """The label with a bound, its bound, its value."""
    field: str
    """The rest of the field."""


class Metrics:
    """What one process of a system counts; `namespace` keeps systems apart on one Redis.

    `prefix` begins the name of every metric. `bounds` has the most values of a label; a family has
    at most one such label, and a value that is set has none.

    Raises:
        ValueError: a family has more.
    """

    def __init__(
        self,
        redis: RedisConnections,
        families: Iterable[Counted],
        *,
        prefix: str,
        namespace: str,
        bounds: Mapping[str, int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self.families = {family.name: family for family in families}
        for family in self.families.values():
            if sum(label in bounds for label in family.labels) > (0 if family.is_set else 1):
                raise ValueError(f"{family.name} has too many labels with a bound")
        self.prefix = prefix
        self.bounds = bounds
        self.key = f"metrics:{namespace}"
        """The hash in Redis."""
        self._clock = clock
        self._lock = threading.Lock()
        self._increments: dict[Slot, int] = {}
        self._values: dict[str, float] = {}
        self._sent_at = -1.0
        self._began = False
        self._slot = lru_cache(4_096)(self._slot_of)

    def count(self, family: Counted, *labels: str, by: int = 1) -> None:
        """Add to a counter."""
        self._add(self._slot(family.name, labels, ""), by)

    def observe(self, family: Counted, *labels: str, value: float) -> None:
        """Put a value into its bucket of a histogram."""
        bucket = bisect_left(family.buckets, value)
        self._add(self._slot(family.name, labels, str(bucket)), 1)
        self._add(self._slot(family.name, labels, SUM), round(value * MICROSECONDS))

    def set(self, family: Counted, *labels: str, value: float) -> None:
        """Set a value that counts until it is set again, whoever sets it."""
        slot = self._slot(family.name, labels, "")
        with self._lock:
            self._values[slot.field] = value

    def began_with(self, function: str) -> None:
        """Count the process, once, by the function it was first called as."""
        if not self._began:
            self._began = True
            self.count(COLD_STARTS, function)

    def pending(self) -> list[ScriptCall]:
        """What was counted and is not sent yet, to be sent by the caller; it is forgotten here."""
        with self._lock:
            increments, self._increments = self._increments, {}
            values, self._values = self._values, {}
            self._sent_at = self._clock()
        if not increments and not values:
            return []
        groups: dict[str, list[str]] = {}
        for (group, field), by in increments.items():
            groups.setdefault(group, []).append(f"{field}:{by}")
        added = ",".join([f"[{group},{{{','.join(by)}}}]" for group, by in groups.items()])
        put = ",".join([f"{field}:{value!r}" for field, value in values.items()])
        return [ADD.call(self.key, f"[[{added}],{{{put}}}]")]

    def flush(self, since: float | None = None) -> None:
        """Send what was counted, unless something was sent after `since`. Never raises.

        `since` is on the monotonic clock: the beginning of the invocation that ends.
        """
        if since is not None and self._sent_at >= since:
            return
        for call in self.pending():
            self._redis.run(call)

    def read(self) -> dict[str, str] | None:
        """Every field and its value, this process's counts among them; None while Redis is away."""
        found = self._redis.run(READ.call(self.key), self.pending())
        if found is None:
            return None
        texts = iter([text.decode() for text in found])
        return dict(zip(texts, texts, strict=True))

    def _add(self, slot: Slot, by: int) -> None:
        with self._lock:
            self._increments[slot] = self._increments.get(slot, 0) + by

    def _slot_of(self, name: str, labels: tuple[str, ...], part: str) -> Slot:
        family = self.families[name]
        values = dict(zip(family.labels, labels, strict=True))
        label = next((label for label in values if label in self.bounds), "")
        value = values.pop(label) if label else ""
        parts = [name, *values.values(), *([part] if family.buckets else []), ""]
        field = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in parts)
        group = label, self.bounds.get(label, 0), value.replace(SEPARATOR, " ")
        return Slot(json.dumps(group)[1:-1], json.dumps(field))
