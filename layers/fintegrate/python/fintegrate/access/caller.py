"""The caller of a request, and what a scheme of authentication takes and returns.

A scheme is one way to say who calls, such as `by_api_key`. An endpoint names the schemes that it
accepts. The wiring of a system makes them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from fintegrate.access.claim import Claim
from fintegrate.errors import ApiError


class Caller(NamedTuple):
    """Whom a request acts for: the owner of its credentials (a tenant, a platform, a user)."""

    owner_id: str
    owner_name: str
    key_id: str
    """The public name of the credentials. Rate limits and logs use it."""
    is_admin: bool
    used_up: Collection[str] = ()
    """The bounds of its owner that are used up, by the system's names for them."""
    role: str = ""
    """What it may do, by the system's word. Empty where a scheme has no roles."""
    actor: str = ""
    """The person who acts, as it was claimed at the sign-in. Empty without a session."""
    session_id: str | None = None
    """The session that the credentials are of; None for a program's."""
    read_only: bool = False
    """Whether it may only look, and try acts as a dry run."""


class Recognised(NamedTuple):
    """Credentials that this process has verified before. They may be of no use any more."""

    key_id: str
    claim: Claim


class Refused(Exception):
    """The credentials were refused with `error`.

    `reason` is the value of a metric's label: one of a few short words. With a `key_id` the refusal is
    audited; a scheme may leave it out for credentials that do not have the form of ours, and gives an
    empty one for credentials that have no public id. `owner_id` is set when they were genuine.
    `exists` says whether there are credentials of this name, whatever else was wrong. `actor` and
    `session_id` are those of a session, as in `Caller`.
    """

    def __init__(
        self,
        error: ApiError,
        reason: str,
        key_id: str | None = None,
        owner_id: str | None = None,
        *,
        exists: bool = False,
        actor: str = "",
        session_id: str | None = None,
    ) -> None:
        super().__init__(error.description)
        self.reason = reason
        self.error = error
        self.key_id = key_id
        self.owner_id = owner_id
        self.exists = exists
        self.actor = actor
        self.session_id = session_id


class Credentials(Protocol):
    """What a scheme reads of a request."""

    source_ip: str

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        ...


class Scheme(Protocol):
    """One way to say who calls."""

    def carried_by(self, request: Credentials) -> bool:
        """Whether the request has credentials of this scheme, valid or not."""
        ...

    def recognised(self, request: Credentials) -> Recognised | None:
        """The `key_id` that `authenticate` is about to give, as far as this process can know.

        Set only for credentials that this process has verified before. It proves nothing: they may be
        deactivated since. Never asks a server.
        """
        ...

    def authenticate(self, request: Credentials, known: Recognised | None = None) -> Caller:
        """Find the caller of the request. `known` saves reading what `recognised` has read of it.

        Raises:
            Refused: the credentials are missing, wrong or no longer valid.
        """
        ...
