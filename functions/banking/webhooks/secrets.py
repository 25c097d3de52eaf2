"""The banks' signing secrets, each worked out from the seed in its row."""

from __future__ import annotations

from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.access.standard_webhooks import secret_of


def signing_secret(derived: DerivedSecrets, consumer_id: str, seed: str) -> str:
    """The secret in clear, as a bank writes it into its library.

    Raises:
        KeyMissing: WEBHOOK_KEYS has no such key.
    """
    return secret_of(derived.of(seed, f"webhooks/{consumer_id}"))
