"""Where sealed texts belong: the names of rows that never change."""


def place_of(consumer_id: str) -> str:
    """The place of a bank's signing secrets."""
    return f"webhooks/{consumer_id}/secrets"
