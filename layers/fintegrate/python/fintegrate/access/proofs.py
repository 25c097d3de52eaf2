"""What the processes tell each other through Redis: this key has matched this hash.

A process that finds a key's proof needs no bcrypt. So wrong secrets, which use up what may be compared
for a key, keep no new process from taking the true one. A proof is an HMAC with the server's secret:
who reads Redis learns no key from it, and who writes to Redis can make none.
"""

from __future__ import annotations

import hmac

from fintegrate.access.keys import ApiKey, ApiKeys
from fintegrate.redis_connection import Question, RedisConnections, Script, ScriptCall

KEPT_SECONDS = 86_400
READ = Script("return redis.call('GET', KEYS[1])")
WRITE = Script("return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])")


class Proofs:
    """The proofs of one database's keys. While Redis is away nothing is proven."""

    def __init__(self, redis: RedisConnections, keys: ApiKeys) -> None:
        self._redis = redis
        self._keys = keys

    def has(self, key: ApiKey, stored_hash: str) -> bool:
        """Whether some process has seen this secret match this hash, within a day."""
        kept = self._redis.answer(Question(_call(READ, key)))
        return isinstance(kept, bytes) and hmac.compare_digest(kept, self._proof(key, stored_hash))

    def add(self, key: ApiKey, stored_hash: str) -> None:
        proof = self._proof(key, stored_hash).decode()
        self._redis.send([_call(WRITE, key, proof, KEPT_SECONDS)])

    def _proof(self, key: ApiKey, stored_hash: str) -> bytes:
        said = f"proof {key.key_id} {key.secret} {stored_hash}"
        return self._keys.digest(said.encode()).hex().encode()


def _call(script: Script, key: ApiKey, *arguments: str | float) -> ScriptCall:
    return script.call(f"api_key_proof:{key.key_id}", *arguments)
