"""Looks into the object store without the functions."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import ClientError

from local.appevents.object_store import client_of

ATTEMPTS = 5


class Objects:
    """The sizes of the objects of these settings' bucket."""

    def __init__(self, environment: Mapping[str, str], endpoint: str) -> None:
        self._bucket = environment["OBJECT_STORE_BUCKET"]
        settings = {**environment, "OBJECT_STORE_ENDPOINT": endpoint}
        self._client = client_of(settings, ATTEMPTS)

    def size_of(self, key: str) -> int | None:
        """The bytes of an object; None if it is not there."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return int(found["ContentLength"])
