"""Moves whole objects between a bucket and files, with boto3: it streams, and tries again by itself.

Imports boto3 when it is called, so that no other function pays for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fintegrate.storage.signing import Signer
from fintegrate.storage.store import StoreAway

CHUNK = 1024 * 1024
_CHANGED = {"412", "PreconditionFailed", "404", "NoSuchKey"}


class Changed(Exception):
    """The object is gone, or is not the one that was looked at."""


def download(signer: Signer, key: str, etag: str, path: Path, most_bytes: int) -> None:
    """Write an object to a file, if it has this ETag.

    The answer's ETag is looked at as well: some stores do not know `If-Match`.

    Raises:
        Changed: it has another, or more bytes, or is gone.
        StoreAway: the store does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = _client(signer).get_object(Bucket=signer.bucket, Key=key, IfMatch=f'"{etag}"')
        if found["ETag"].strip('"') != etag or found["ContentLength"] > most_bytes:
            raise Changed
        with path.open("wb") as file:
            for chunk in found["Body"].iter_chunks(CHUNK):
                file.write(chunk)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _CHANGED:
            raise Changed from None
        raise StoreAway from None
    except BotoCoreError:
        raise StoreAway from None


def upload(signer: Signer, path: Path, key: str, content_type: str) -> None:
    """Write a file to an object. Twice is the same.

    Raises:
        StoreAway: the store does not take it.
    """
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import BotoCoreError, ClientError

    said = {"ContentType": content_type, "CacheControl": "private, max-age=900"}
    try:
        _client(signer).upload_file(str(path), signer.bucket, key, ExtraArgs=said)
    except (BotoCoreError, ClientError, S3UploadFailedError):
        raise StoreAway from None


def _client(signer: Signer) -> Any:
    import boto3
    from botocore.config import Config

    own = signer.credentials()
    return boto3.client(
        "s3",
        region_name=signer.region,
        endpoint_url=signer.endpoint,
        aws_access_key_id=own.access_key,
        aws_secret_access_key=own.secret_key,
        aws_session_token=own.session_token or None,
        config=Config(
            s3={"addressing_style": "virtual" if signer.virtual else "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 3, "mode": "standard"},
        ),
    )
