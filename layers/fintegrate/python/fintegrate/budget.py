"""So many of something in a minute per subject, counted in Redis for all processes.

While Redis is away each process counts by itself. A minute begins with the first that is taken. Unlike
`fintegrate.http.rate_limit` it costs a round trip of its own, so it is for what happens seldom.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from fintegrate.redis_connection import Question, RedisConnections, Script

SECONDS = 60
_REMEMBERED = 1_000
# The key is the count; ARGV: the limit, the seconds. Returns 0, or the milliseconds to wait.
TAKE = Script("""
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
if taken >= tonumber(ARGV[1]) then
  return math.max(1, redis.call('PTTL', KEYS[1]))
end
redis.call('INCR', KEYS[1])
if taken == 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return 0
""")
GIVE_BACK = Script("""
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then
  redis.call('DECR', KEYS[1])
end
return 0
""")


class Budget:
    """`per_minute` of something for each subject. Without `redis` each process counts by itself."""

    def __init__(
        self,
        name: str,
        per_minute: int,
        redis: RedisConnections | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._per_minute = per_minute
        self._redis = redis
        self._clock = clock
        self._lock = threading.Lock()
        self._own: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Of each subject, when its minute began and how many this process has taken."""

    def take(self, subject: str = "") -> int:
        """Take one. Returns 0, or the whole seconds until there are more and nothing was taken."""
        wait = self._take_own(subject)
        if wait or self._redis is None:
            return wait
        call = TAKE.call(self._key(subject), self._per_minute, SECONDS)
        return math.ceil(int(self._redis.answer(Question(call)) or 0) / 1000)

    def give_back(self, subject: str = "") -> None:
        """Undo a `take` that turned out to be none."""
        with self._lock:
            began, taken = self._own.get(subject, (0.0, 0))
            if taken:
                self._own[subject] = began, taken - 1
        if self._redis is not None:
            self._redis.send([GIVE_BACK.call(self._key(subject))])

    def _take_own(self, subject: str) -> int:
        now = self._clock()
        with self._lock:
            began, taken = self._own.get(subject, (now, 0))
            if not taken or now - began >= SECONDS:
                began, taken = now, 0
            if taken >= self._per_minute:
                return math.ceil(SECONDS - (now - began))
            self._own[subject] = began, taken + 1
            self._own.move_to_end(subject)
            if len(self._own) > _REMEMBERED:
                self._own.popitem(last=False)
            return 0

    def _key(self, subject: str) -> str:
        return f"budget:{self._name}:{subject}"
