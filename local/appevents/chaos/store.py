"""Looks into the object store without the functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Objects:
    """The sizes of the objects of these settings' bucket."""

    def __init__(self, environment: Mapping[str, str], endpoint: str) -> None:
        import boto3

        self._bucket = environment["OBJECT_STORE_BUCKET"]
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=environment["OBJECT_STORE_REGION"],
            aws_access_key_id=environment["OBJECT_STORE_ACCESS_KEY"],
            aws_secret_access_key=environment["OBJECT_STORE_SECRET_KEY"],
        )

    def size_of(self, key: str) -> int | None:
        """The bytes of an object; None if it is not there."""
        from botocore.exceptions import ClientError

        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return int(found["ContentLength"])
