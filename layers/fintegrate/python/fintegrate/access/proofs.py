"""What the processes tell each other through Redis: this secret has matched this hash.

A process that finds a secret's proof needs no bcrypt. So wrong secrets, which use up what may be
compared for a name, keep no new process from taking the true one. A proof is an HMAC with the server's
secret: who reads Redis learns no secret from it, and who writes to Redis can make none.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Protocol

from fintegrate.redis_connection import Question, RedisConnections, Script, ScriptCall

if TYPE_CHECKING:
    from fintegrate.access.claim import Claim

KEPT_SECONDS = 86_400
READ = Script("return redis.call('GET', KEYS[1])")
WRITE = Script("return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])")


class Signer(Protocol):
    """Makes an HMAC with the server's secret, as `fintegrate.access.keys.ApiKeys` does."""

    def digest(self, text: bytes) -> bytes: ...


class Proofs:
    """The proofs of one database's keys or users. While Redis is away nothing is proven.

    `kind` begins the names of what Redis keeps.
    """

    def __init__(
        self, redis: RedisConnections, signer: Signer, kind: str = "api_key_proof"
    ) -> None:
        self._redis = redis
        self._signer = signer
        self._kind = kind

    def has(self, claim: Claim, stored: str) -> bool:
        """Whether some process has seen this secret match what is stored, within a day."""
        kept = self._redis.answer(Question(self._call(READ, claim)))
        return isinstance(kept, bytes) and hmac.compare_digest(kept, self._proof(claim, stored))

    def add(self, claim: Claim, stored: str) -> None:
        proof = self._proof(claim, stored).decode()
        self._redis.send([self._call(WRITE, claim, proof, KEPT_SECONDS)])

    def _proof(self, claim: Claim, stored: str) -> bytes:
        return self._signer.digest(f"proof {claim.pair} {stored}".encode()).hex().encode()

    def _call(self, script: Script, claim: Claim, *arguments: str | float) -> ScriptCall:
        return script.call(f"{self._kind}:{claim.name}", *arguments)
