"""Packed bodies of answers, unpacked within a bound."""

from __future__ import annotations

import zlib

PACKING = "content-encoding"
"""The header that says how a body is packed."""
_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""`wbits` of the packings that are unpacked. None was asked for; some servers pack all the same."""


def unpacked(body: bytes, packing: str, most: int) -> tuple[bytes, bool]:
    """At most `most` bytes of a body, and whether that is all. Nothing of one in an unknown packing."""
    if not body or packing in {"", "identity"}:
        return body, True
    if packing not in _PACKED:
        return b"", False
    reader = zlib.decompressobj(_PACKED[packing])
    try:
        plain = reader.decompress(body, most)
    except zlib.error:
        return b"", False
    return plain, reader.eof and not reader.unused_data
