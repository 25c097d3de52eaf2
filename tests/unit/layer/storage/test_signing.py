"""Presigned URLs by hand are those of botocore, and bind what is signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore import auth
from botocore.config import Config

from fintegrate.storage.signing import Credentials, Signed, Signer

NOW = datetime(2026, 11, 26, 10, 0, 5, tzinfo=UTC)
FIXED = Credentials("AKIDEXAMPLE", "wJalr/XUtn+FEMI")
OF_A_ROLE = Credentials("ASIAEXAMPLE", "wJalr/XUtn+FEMI", "FwoGZXIvYXdzEBYaD/+=" * 20)


def signer(
    endpoint: str = "https://s3.eu-central-1.amazonaws.com",
    credentials: Credentials = FIXED,
    virtual: bool = False,
) -> Signer:
    return Signer(endpoint, "eu-central-1", "media", lambda: credentials, virtual=virtual)


def by_botocore(
    monkeypatch: pytest.MonkeyPatch, own: Signer, operation: str, **parameters: Any
) -> str:
    monkeypatch.setattr(auth, "get_current_datetime", lambda: NOW.replace(tzinfo=None))
    credentials = own.credentials()
    style = "virtual" if own.virtual else "path"
    client = boto3.client(
        "s3",
        region_name=own.region,
        endpoint_url=own.endpoint,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.session_token or None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            request_checksum_calculation="when_required",
        ),
    )
    return str(
        client.generate_presigned_url(
            operation, Params={"Bucket": own.bucket, **parameters}, ExpiresIn=900
        )
    )


def parts_of(url: str) -> tuple[str, dict[str, list[str]]]:
    """The place of a URL, and its parameters in whatever order."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(
        parts.query, keep_blank_values=True, strict_parsing=True
    )


@pytest.mark.parametrize("credentials", [FIXED, OF_A_ROLE], ids=["fixed", "of a role"])
@pytest.mark.parametrize("virtual", [False, True], ids=["path", "virtual"])
@pytest.mark.parametrize(
    "endpoint",
    [
        "https://s3.eu-central-1.amazonaws.com",
        "https://fra1.digitaloceanspaces.com",
        "http://127.0.0.1:9000",
        "https://store.example:443",
    ],
)
@pytest.mark.parametrize("key", ["media/a/b.mp4", "uploads/ä b/(c)+~&=%", "x//y"])
def test_get_is_that_of_botocore(
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    key: str,
    virtual: bool,
    credentials: Credentials,
) -> None:
    if virtual and "127.0.0.1" in endpoint:
        pytest.skip("an address has no name below it")
    own = signer(endpoint, credentials, virtual)

    made = own.presigned("GET", key, 900, now=NOW)

    theirs = by_botocore(monkeypatch, own, "get_object", Key=key)
    assert parts_of(made.url) == parts_of(theirs.replace(":443/", "/"))  # no client sends it
    assert made.expires_at == NOW + timedelta(seconds=900)
    assert own.for_reading(900, now=NOW)(key) == made.url


@pytest.mark.parametrize(
    ("operation", "method", "headers", "query", "parameters"),
    [
        (
            "put_object",
            "PUT",
            {"Content-Type": "video/mp4", "Content-Length": "5", "If-None-Match": "*"},
            {},
            {"ContentType": "video/mp4", "ContentLength": 5, "IfNoneMatch": "*"},
        ),
        (
            "upload_part",
            "PUT",
            {"content-length": "16777216"},
            {"partNumber": "7", "uploadId": "a+b/c="},
            {"ContentLength": 16_777_216, "PartNumber": 7, "UploadId": "a+b/c="},
        ),
        ("head_object", "HEAD", {}, {}, {}),
        ("delete_object", "DELETE", {}, {}, {}),
        (
            "create_multipart_upload",
            "POST",
            {"content-type": "video/mp4"},
            {"uploads": ""},
            {"ContentType": "video/mp4"},
        ),
        ("abort_multipart_upload", "DELETE", {}, {"uploadId": "a b"}, {"UploadId": "a b"}),
    ],
)
def test_every_call_is_that_of_botocore(
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    method: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    parameters: Mapping[str, Any],
) -> None:
    own = signer()

    made = own.presigned(method, "uploads/a", 900, now=NOW, headers=headers, query=query)
    theirs = by_botocore(monkeypatch, own, operation, Key="uploads/a", **parameters)

    assert parts_of(made.url) == parts_of(theirs)


def test_headers_and_size_are_bound() -> None:
    signed = {"content-length": "5", "content-type": "video/mp4", "if-none-match": "*"}
    made = signer().presigned("PUT", "uploads/a", 900, now=NOW, headers=signed)

    _, said = parts_of(made.url)
    assert said["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert not [name for name in said if "checksum" in name.lower() or "sdk" in name.lower()]
    other = signer().presigned(
        "PUT", "uploads/a", 900, now=NOW, headers={**signed, "content-length": "6"}
    )
    assert parts_of(other.url)[1]["X-Amz-Signature"] != said["X-Amz-Signature"]


def test_url_ends_with_its_credentials() -> None:
    ends = NOW + timedelta(seconds=90)
    made = signer(credentials=OF_A_ROLE._replace(ends=ends)).presigned("GET", "a", 900, now=NOW)

    assert made.expires_at == ends
    assert parts_of(made.url)[1]["X-Amz-Expires"] == ["90"]
    own = signer(credentials=OF_A_ROLE._replace(ends=ends))
    assert own.for_reading(900, now=NOW)("a") == made.url


@pytest.mark.parametrize(("virtual", "path"), [(False, "/below/media"), (True, "/below/")])
def test_bucket_itself_has_a_url(virtual: bool, path: str) -> None:
    made = signer("https://store.example/below", virtual=virtual).presigned("PUT", "", 60, now=NOW)

    assert urlsplit(made.url).path == path


def test_printing_shows_no_secret() -> None:
    made = signer().presigned("GET", "a", 900, now=NOW)

    url_of = signer(credentials=OF_A_ROLE).for_reading(900, now=NOW)
    for shown in (
        repr(made),
        repr(FIXED),
        repr(OF_A_ROLE),
        repr(signer()),
        str(made),
        repr(url_of),
    ):
        assert "Signature" not in shown
        assert FIXED.secret_key not in shown
        assert OF_A_ROLE.session_token[:16] not in shown
    assert isinstance(made, Signed)
