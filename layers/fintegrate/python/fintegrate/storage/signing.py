"""Presigned URLs for objects of a bucket (AWS Signature Version 4), made by hand.

The signature covers the method, the key, the query and the headers that are named: whoever has the URL
can do this one thing, with these headers, until it ends. A page of a feed needs forty URLs, and botocore
takes thirty times as long for one.
Source: "Authenticating Requests: Using Query Parameters" in the API reference of Amazon S3
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SECONDS = 7 * 24 * 3600


class Credentials(NamedTuple):
    """What signs. A role's have a session's token, and end."""

    access_key: str
    secret_key: str
    session_token: str = ""
    ends: datetime | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key!r})"


class Signed(NamedTuple):
    """A presigned URL. Headers that were signed must be sent with it."""

    url: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Signed(…)"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one bucket.

    Args:
        endpoint: where the store is, such as https://s3.eu-central-1.amazonaws.com
        virtual: whether the bucket is a part of the host's name; else of the path
        credentials: asked for each URL, because a role's change
    """

    endpoint: str
    region: str
    bucket: str
    credentials: Callable[[], Credentials] = field(repr=False)
    virtual: bool = False

    @property
    def origin(self) -> str:
        """Scheme and host of every URL, as a page's content security policy names them."""
        return self._place()[0]

    def presigned(
        self,
        method: str,
        key: str,
        seconds: int,
        *,
        now: datetime | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Signed:
        """A URL for one request. It ends with the credentials if these end sooner."""
        same = self._same(seconds, now, headers or {}, query or {})
        return Signed(same.url(method, key), same.expires_at)

    def for_reading(self, seconds: int, *, now: datetime | None = None) -> Callable[[str], str]:
        """What gives an object's key the URL of a GET. All end as `presigned` says, at one moment."""
        return partial(self._same(seconds, now, {}, {}).url, "GET")

    def _same(
        self,
        seconds: int,
        now: datetime | None,
        headers: Mapping[str, str],
        query: Mapping[str, str],
    ) -> _Same:
        own = self.credentials()
        now = (now or datetime.now(UTC)).replace(microsecond=0)
        seconds = _bounded(seconds, now, own.ends)
        origin, host, bucket, folder = self._place()
        moment = now.strftime("%Y%m%dT%H%M%SZ")
        day = moment[:8]
        scope = f"{day}/{self.region}/s3/aws4_request"
        names, lines = _canonical({"host": host, **_lowered(headers)})
        text = _asked(own.access_key, own.session_token, scope, moment, str(seconds), names)
        if query:
            pairs = (f"{_encoded(name)}={_encoded(each)}" for name, each in query.items())
            text = "&".join(sorted([*text.split("&"), *pairs]))
        return _Same(
            origin=origin,
            bucket=bucket,
            folder=folder,
            query=text,
            asked=f"{text}\n{lines}\n{names}\nUNSIGNED-PAYLOAD",
            to_sign=f"{ALGORITHM}\n{moment}\n{scope}\n",
            key=_signing_key(own.secret_key, day, self.region),
            expires_at=datetime.fromtimestamp(now.timestamp() + seconds, UTC),
        )

    def _place(self) -> tuple[str, str, str, str]:
        """Scheme with host, host, the bucket's path, and the path before an object's key."""
        scheme, host, base = _split(self.endpoint)
        if self.virtual:
            host = f"{self.bucket}.{host}"
            return f"{scheme}://{host}", host, f"{base}/", f"{base}/"
        return f"{scheme}://{host}", host, f"{base}/{self.bucket}", f"{base}/{self.bucket}/"


@dataclass(frozen=True, slots=True, repr=False)
class _Same:
    """What URLs of one bucket have in common that are signed at one moment, but for method and key."""

    origin: str
    bucket: str
    """The path of the bucket itself."""
    folder: str
    """What the path of an object begins with."""
    query: str
    asked: str
    """The lines of the canonical request that follow the path."""
    to_sign: str
    """The lines before the canonical request's hash."""
    key: bytes
    expires_at: datetime

    def url(self, method: str, key: str) -> str:
        path = self.folder + quote(key, safe="/-_.~") if key else self.bucket
        digest = hashlib.sha256(f"{method}\n{path}\n{self.asked}".encode()).hexdigest()
        signature = hmac.digest(self.key, f"{self.to_sign}{digest}".encode(), "sha256").hex()
        return f"{self.origin}{path}?{self.query}&X-Amz-Signature={signature}"


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in headers.items()}


def _canonical(headers: Mapping[str, str]) -> tuple[str, str]:
    """Names and lines of the headers, in order."""
    names = sorted(headers)
    return ";".join(names), "".join(f"{name}:{headers[name]}\n" for name in names)


def _bounded(seconds: int, now: datetime, ends: datetime | None) -> int:
    if ends is not None:
        seconds = min(seconds, int((ends - now).total_seconds()))
    return max(1, min(seconds, LONGEST_SECONDS))


@lru_cache(maxsize=4)
def _split(endpoint: str) -> tuple[str, str, str]:
    """A port that the scheme has anyway is no part of the host's name, as clients send it."""
    parts = urlsplit(endpoint)
    host, usual = parts.netloc, {"http": ":80", "https": ":443"}.get(parts.scheme, ":")
    return parts.scheme, host.removesuffix(usual), parts.path.rstrip("/")


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


@lru_cache(maxsize=64)
def _asked(
    access_key: str, session_token: str, scope: str, moment: str, seconds: str, names: str
) -> str:
    """What every query has, sorted. Kept, because the URLs of a page differ in their keys only."""
    said = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{access_key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": seconds,
        "X-Amz-SignedHeaders": names,
        **({"X-Amz-Security-Token": session_token} if session_token else {}),
    }
    return "&".join(sorted(f"{name}={_encoded(each)}" for name, each in said.items()))


@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
