"""Makes a virtual host of the broker and its user, as the broker's administrator.

Safe to repeat: a user that exists gets the password that its URL has now. Its connections stay.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from fintegrate.messaging.management import Management, Permissions, hash_password

EVERYTHING = Permissions(".*", ".*", ".*")


def put_virtual_host(management_url: str, url: str) -> str:
    """Make the virtual host and the user of `url`, who may do everything there and nothing elsewhere.

    The administrator keeps its own password and rights, if the URL names it. Returns the user's name.

    Raises:
        ManagementUnavailable, ManagementRefused, SettingsError: as `Management`.
    """
    parts = urlsplit(url)
    management = Management(
        management_url, virtual_host=unquote(parts.path.removeprefix("/")) or "/"
    )
    user = unquote(parts.username or "")
    management.put_virtual_host()
    if user != management.user:
        management.put_user(user, hash_password(unquote(parts.password or "")))
        management.put_permissions(user, EVERYTHING)
    return user
