"""The metrics of all processes of a system, added up in Redis.

A process counts in memory. The rate limiter's next command takes the counts to Redis in the same
packet, at most every `SEND_SECONDS`. If an invocation sends no such command, its counts are sent at its
end (`flush`). Some counts are lost: those that were not sent when the process ends, which are those of
its last `SEND_SECONDS` and of its last request, and those while Redis is away.
Nothing expires. If Redis restarts, counters begin at zero, which `rate()` handles. If a connection
breaks, a packet may count twice.

Numbers are integers: a histogram's sum is in microseconds. A label with a limit keeps its first values;
later ones count as `other`.
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
from fintegrate.redis_connection import Question, RedisConnections, Script, ScriptCall

SEND_SECONDS = 0.1
"""Under load, one packet takes the counts of many requests: sending them costs a request 40 µs."""
SEPARATOR = "\x1f"
"""Separates a field's parts: name, labels, part of a histogram, value of the limited label."""
SUM = "sum"
"""The name of the part that is a histogram's sum. Its other parts are named by the bucket's index."""
MICROSECONDS = 1_000_000

# The key is a hash of all fields. ARGV[1]: groups of {limited label or '', its limit, its value,
# increments by field}, then values by field. The known values of a limited label are fields
# themselves, and one field holds their number.
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
    """The place of a series in Redis, as pieces of JSON that are made once and sent often."""

    group: str
    """The limited label, its limit, its value."""
    field: str
    """The rest of the field."""


class Metrics:
    """The metrics of one process; `namespace` keeps systems apart on one Redis.

    `prefix` begins the name of every metric. `bounds` limits how many values a label may have. A
    family has at most one such label; a family whose value is set has none.

    Raises:
        ValueError: a family has too many labels with a limit.
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
        self._add(self._slot(family.name, labels, ""), by)

    def observe(self, family: Counted, *labels: str, value: float) -> None:
        """Count a value in its bucket of a histogram."""
        bucket = bisect_left(family.buckets, value)
        self._add(self._slot(family.name, labels, str(bucket)), 1)
        self._add(self._slot(family.name, labels, SUM), round(value * MICROSECONDS))

    def set(self, family: Counted, *labels: str, value: float) -> None:
        """Set a value. The last one set by any process stands."""
        slot = self._slot(family.name, labels, "")
        with self._lock:
            self._values[slot.field] = value

    def began_with(self, function: str) -> None:
        """Count the process once, under the function of its first invocation."""
        if not self._began:
            self._began = True
            self.count(COLD_STARTS, function)

    def pending(self) -> list[ScriptCall]:
        """Hand over the counts that were not sent yet. The caller must send them."""
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

    def due(self) -> list[ScriptCall]:
        """As `pending`, but nothing within `SEND_SECONDS` after the last time."""
        return [] if self._clock() - self._sent_at < SEND_SECONDS else self.pending()

    def flush(self) -> None:
        """Send the counts. Never raises."""
        self._redis.send(self.pending())

    def flush_due(self, since: float) -> None:
        """Send the counts that are due, unless some were sent after `since`. Never raises.

        `since` is the start of the request that ends, on the monotonic clock.
        """
        if self._sent_at < since:
            self._redis.send(self.due())

    def read(self) -> dict[str, str] | None:
        """Every field and its value, this process's counts included; None while Redis is away."""
        found = self._redis.answer(Question(*self.pending(), READ.call(self.key)))
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
