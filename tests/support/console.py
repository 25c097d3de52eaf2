"""Signs in to the console, and asks as its page does: by the cookie, with the header X-Console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fintegrate.access.by_session import COOKIE
from tests.support.api import Api, Reply

ANN = "Ann Example"


@dataclass(frozen=True)
class Visitor:
    """Somebody with the cookie of a session; None has none."""

    token: str | None
    api: Api

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        marked: bool = True,
    ) -> Reply:
        """Ask as the page does; unless `marked`, as another site would have the browser ask."""
        sent = {"X-Console": "1"} if marked else {}
        if self.token is not None:
            sent["Cookie"] = f"theme=dark; {COOKIE}={self.token}; other=1"
        return self.api(method, path, body, query=query, headers={**sent, **(headers or {})})

    def get(self, path: str, **query: object) -> Reply:
        return self("GET", path, query=query)

    def post(self, path: str, **body: object) -> Reply:
        return self("POST", path, body)

    def poll(self, path: str) -> Reply:
        """Ask without a click."""
        return self("GET", path, headers={"X-Console": "poll"})

    @property
    def status(self) -> int:
        """What a look by polling is answered with."""
        return self.poll("/console/session").status


def sign_in(api: Api, actor: str | None = ANN, *, read_only: bool = False) -> Visitor:
    """Exchange a caller's key for a session."""
    who = {"actor": actor} if actor is not None else {}
    reply = api("POST", "/console/session", {**who, "read_only": read_only})
    assert reply.status == 201, reply
    return Visitor(token_in(reply), api.with_key(None))


def token_in(reply: Reply) -> str:
    """The token that an answer sets."""
    name, _, value = reply.headers["Set-Cookie"].partition(";")[0].partition("=")
    assert name == COOKIE
    return value
