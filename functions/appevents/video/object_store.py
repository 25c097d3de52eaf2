"""The bucket of videos, as the settings name it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from chalicelib.appevents.configuration import Configuration
from fintegrate.settings import SettingsError
from fintegrate.storage.role import signer_of as made
from fintegrate.storage.signing import Credentials, Signer
from fintegrate.storage.store import Store, store_of

URL_SECONDS = 900
"""How long what is shown can be fetched."""
UrlOf = Callable[[str], str]


class Bucket(NamedTuple):
    """Signs URLs of a bucket and calls it; `settings` say what may be uploaded."""

    settings: Configuration
    signer: Signer
    store: Store


@lru_cache(maxsize=2)
def signer_of(settings: Configuration) -> Signer:
    """What signs for the bucket.

    Raises:
        SettingsError: there is none.
    """
    if not settings.object_store_bucket or not settings.object_store_endpoint:
        raise SettingsError("OBJECT_STORE_ENDPOINT and OBJECT_STORE_BUCKET must be set for videos")
    return made(
        settings.object_store_endpoint,
        settings.object_store_region,
        settings.object_store_bucket,
        Credentials(settings.object_store_access_key, settings.object_store_secret_key),
        addressing=settings.object_store_addressing,
    )


def urls_of(settings: Configuration) -> UrlOf:
    """What gives the objects of one answer their URLs, by key. Raises as `signer_of`."""
    return signer_of(settings).for_reading(URL_SECONDS)


@lru_cache(maxsize=2)
def bucket_of(settings: Configuration) -> Bucket:
    """The bucket of a process. Opens no connection. Raises as `signer_of`."""
    signer = signer_of(settings)
    return Bucket(settings, signer, store_of(signer))
