"""The floor of a page of the feed: its statement, the limit's script, forty signatures, one JSON.

The statement is the product's own text. Everything else is bare: redis-py's client, and signatures of
fixed lines, made for one bucket at one moment.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote, urlsplit

import redis

from chalicelib.appevents.video.object_store import URL_SECONDS
from chalicelib.appevents.video.posts import SQL
from fintegrate.http.rate_limit import BUCKET
from local.appevents.bench.databases import AppDatabases


class RawFeed:
    """Reads the first page of the feed of all for a user."""

    def __init__(self, databases: AppDatabases, user_id: str, limit: int) -> None:
        self._database = databases.connection("video")
        self._cursor = self._database.cursor()
        self._redis = redis.Redis.from_url(databases.parts.settings.redis_url)
        self._bucket = self._redis.register_script(BUCKET.text)
        self._name = f"bench:{user_id}"
        self._values = {"user_id": user_id, "limit": limit, "after_at": None, "after_id": None}
        self._signatures = RawSignatures(databases)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._redis.close()

    def page(self) -> str:
        """The page's JSON."""
        self._bucket(keys=[self._name], args=[100_000, 1_000_000])
        self._cursor.execute(SQL["list_public"], self._values)
        names = [column.name for column in self._cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in self._cursor.fetchall()[:-1]]
        sign = self._signatures.of_now()
        for row in rows:
            row["video_url"] = sign(row.pop("video_key"))
            row["thumbnail_url"] = sign(row.pop("thumbnail_key"))
            row["created_at"] = row["created_at"].isoformat()
        return json.dumps({"posts": rows})


class RawSignatures:
    """Presigned GETs of a bucket whose address has its name in the path, without a session's token."""

    def __init__(self, databases: AppDatabases) -> None:
        settings = databases.parts.settings
        place = urlsplit(settings.object_store_endpoint)
        self._host, self._region = place.netloc, settings.object_store_region
        self._start = f"{place.scheme}://{place.netloc}"
        self._path = f"/{settings.object_store_bucket}/"
        self._access_key = settings.object_store_access_key
        self._secret_key = settings.object_store_secret_key

    def of_now(self) -> Any:
        """What signs at this moment: a key → its URL."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self._region}/s3/aws4_request"
        key = f"AWS4{self._secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        query = (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Credential={quote(f'{self._access_key}/{scope}', safe='')}"
            f"&X-Amz-Date={moment}&X-Amz-Expires={URL_SECONDS}&X-Amz-SignedHeaders=host"
        )
        rest = f"{query}\nhost:{self._host}\n\nhost\nUNSIGNED-PAYLOAD"
        first = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n"

        def signed(name: str) -> str:
            path = self._path + quote(name)
            asked = hashlib.sha256(f"GET\n{path}\n{rest}".encode()).hexdigest()
            signature = hmac.digest(key, f"{first}{asked}".encode(), "sha256").hex()
            return f"{self._start}{path}?{query}&X-Amz-Signature={signature}"

        return signed
