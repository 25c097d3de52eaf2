"""A small record outside the database, for what a restored backup must not undo.

It is a secret of AWS Secrets Manager or, in a checkout, a file that only its owner can read. It has one
JSON object. Neither place can compare before it writes, so the caller lets in one writer at a time.
Leaves to others what the record says. Imports boto3 when first used.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol

LONGEST = 65_536
"""Bytes. Secrets Manager takes no longer value."""
FILE = "file://"
_SECONDS = 2


class RecordUnavailable(Exception):
    """The record could not be read or written; the text says why and has nothing of the record."""


class OutsideRecord(Protocol):
    """Where the record is kept. Both methods raise `RecordUnavailable`."""

    def read(self) -> dict[str, Any]:
        """What was written last."""

    def write(self, value: dict[str, Any]) -> None:
        """Replace the whole record."""


def record_at(place: str) -> OutsideRecord | None:
    """The record in a secret, or in the file of a `file://` address; None if no place is named."""
    if not place:
        return None
    return _File(Path(place.removeprefix(FILE))) if place.startswith(FILE) else _Secret(place)


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        try:
            return _object(self._path.read_text())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RecordUnavailable(f"the record: {type(error).__name__}") from error

    def write(self, value: dict[str, Any]) -> None:
        text, unfinished = (
            _text(value),
            self._path.with_name(f"{self._path.name}.{os.getpid()}.new"),
        )
        try:
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._path)
        except OSError as error:
            raise RecordUnavailable(f"the record: {type(error).__name__}") from error


class _Secret:
    def __init__(self, secret_id: str) -> None:
        self._secret_id = secret_id
        self._client: Any = None

    def read(self) -> dict[str, Any]:
        return _object(self._ask("read")["SecretString"])

    def write(self, value: dict[str, Any]) -> None:
        self._ask("write", _text(value))

    def _ask(self, what: str, text: str = "") -> Any:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        bounded = Config(
            connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2}
        )
        try:
            client = self._client = self._client or boto3.client("secretsmanager", config=bounded)
            if what == "read":
                return client.get_secret_value(SecretId=self._secret_id)
            return client.put_secret_value(SecretId=self._secret_id, SecretString=text)
        except (BotoCoreError, ClientError) as error:
            raise RecordUnavailable(
                f"the secret store, to {what}: {type(error).__name__}"
            ) from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RecordUnavailable("the record is no JSON object")
    return found


def _text(value: dict[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    if len(text.encode()) > LONGEST:
        raise RecordUnavailable(f"the record would be longer than {LONGEST} bytes")
    return text
