"""A client of a bucket that the settings name, for what the harness does there itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

SECONDS = 5


def client_of(
    settings: Mapping[str, str], attempts: int = 1, *, store: str = "OBJECT_STORE"
) -> Any:
    """boto3's client of a store; it tries each call so often. The settings begin with `store`."""
    virtual = settings.get(f"{store}_ADDRESSING") == "virtual"
    return boto3.client(
        "s3",
        endpoint_url=settings[f"{store}_ENDPOINT"],
        region_name=settings.get(f"{store}_REGION") or "us-east-1",
        aws_access_key_id=settings.get(f"{store}_ACCESS_KEY"),
        aws_secret_access_key=settings.get(f"{store}_SECRET_KEY"),
        config=Config(
            connect_timeout=SECONDS,
            read_timeout=SECONDS,
            retries={"total_max_attempts": attempts},
            s3={"addressing_style": "virtual" if virtual else "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def remove_objects(settings: Mapping[str, str], prefix: str) -> None:
    """Remove the objects whose keys begin so."""
    store, bucket = client_of(settings), settings["OBJECT_STORE_BUCKET"]
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", ()):
            store.delete_object(Bucket=bucket, Key=found["Key"])
