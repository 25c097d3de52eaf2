"""The places for which the relay's texts are sealed: a text opens in its own row only.

They never change, because rows are sealed for them.
"""


def of_credential(storefront: int, platform: int) -> str:
    """The place of a storefront's credential at a platform."""
    return f"platform_credentials/{storefront}/{platform}"


def of_event(storefront: int, identity: str, event_type: str) -> str:
    """The place of an event's private data."""
    return f"marketing_events/{storefront}/{event_type}/{identity}"
