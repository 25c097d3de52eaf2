"""A private object store that speaks S3: rclone serves a folder of the checkout.

It refuses presigned URLs that are wrong in any way. Moto, which does not, is there for what rclone does
not know (`LOCAL_OBJECT_STORE=moto`): conditional writes, lifecycles, CORS rules of a bucket.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from local.machine.credentials import password
from local.machine.ports import LOOPBACK
from local.services import probes
from local.services.native.programs import Program
from local.services.native.server import NativeServer
from local.services.service import ServersUnusable

CHOICE = "LOCAL_OBJECT_STORE"
KINDS = ("rclone", "moto", "external")
ACCESS_KEY, BUCKET, REGION = "fintegrate", "media", "us-east-1"
BANK_BUCKET = "bank"
"""Banking's: exports and archives."""


def wanted_kind() -> str:
    """What LOCAL_OBJECT_STORE says.

    Raises:
        ServersUnusable: it has a value that means nothing
    """
    kind = os.environ.get(CHOICE, "").strip().lower() or "rclone"
    if kind not in KINDS:
        raise ServersUnusable(f"{CHOICE} must be one of {', '.join(KINDS)}, got {kind!r}")
    return kind


class OfTheVirtualenv(Program):
    """A program that pip installs beside Python."""

    def find(self, companion: str | None = None) -> Path | None:
        path = Path(sys.prefix) / "bin" / (companion or self.name)
        return path if path.exists() else Program.find(self, companion)


class ObjectStore(NativeServer):
    """An object store with a bucket for app.events and one for banking, of one checkout."""

    name = "objects"
    is_of_one_kind = False
    variables: ClassVar = {
        "OBJECT_STORE_ENDPOINT": "url",
        "OBJECT_STORE_REGION": "region",
        "OBJECT_STORE_BUCKET": "bucket",
        "OBJECT_STORE_ACCESS_KEY": "access_key",
        "OBJECT_STORE_SECRET_KEY": "secret_key",
        "OBJECT_STORE_PUT_ONCE": "put_once",
        "BANK_STORE_ENDPOINT": "url",
        "BANK_STORE_REGION": "region",
        "BANK_STORE_BUCKET": "bank_bucket",
        "BANK_STORE_ACCESS_KEY": "access_key",
        "BANK_STORE_SECRET_KEY": "secret_key",
    }
    program = OfTheVirtualenv("rclone", packages={"brew": "rclone", "apt-get": "rclone"})
    port_names = ("objects",)
    region, bucket, bank_bucket, access_key = REGION, BUCKET, BANK_BUCKET, ACCESS_KEY

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.port('objects')}"

    @property
    def secret_key(self) -> str:
        return password(self.checkout, "objects")

    @property
    def put_once(self) -> str:
        """Rclone does not know If-None-Match, and lets no page of another origin send it."""
        return "1" if wanted_kind() == "moto" else "0"

    def prepare(self) -> None:
        """A bucket is a folder."""
        for bucket in (BUCKET, BANK_BUCKET):
            (self.home / "buckets" / bucket).mkdir(parents=True, exist_ok=True)

    def command(self) -> Sequence[str]:
        address = f"{LOOPBACK}:{self.ports.port('objects')}"
        if wanted_kind() == "moto":
            program = str(Path(sys.prefix) / "bin" / "moto_server")
            return [program, "-H", LOOPBACK, "-p", str(self.ports.port("objects"))]
        served = [str(self.program.path()), "serve", "s3", str(self.home / "buckets")]
        return [*served, "--addr", address, "--allow-origin", "*", "--vfs-cache-mode", "off"]

    def environment(self) -> Mapping[str, str]:
        """The keys are no arguments, because arguments are in process lists."""
        return {
            **super().environment(),
            "RCLONE_AUTH_KEY": f'"{ACCESS_KEY},{self.secret_key}"',  # a line of CSV
            "RCLONE_CONFIG": str(self.home / "rclone.conf"),
            "HOME": str(self.home),
        }

    def probe(self) -> None:
        for bucket in (BUCKET, BANK_BUCKET):
            probes.objects(self.url, REGION, bucket, ACCESS_KEY, self.secret_key)
