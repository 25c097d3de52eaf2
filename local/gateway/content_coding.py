"""Inflates the bodies of requests and compresses those of answers, as API Gateway does.

It does so for an API with a `MinimumCompressionSize` ("Enable payload compression for an API" in API
Gateway's developer guide).
"""

from __future__ import annotations

import gzip
import zlib

from starlette.responses import Response

from local.gateway.refusals import BodyTooLarge, MalformedBody, UnknownCoding

ANY_ZLIB = 32 + zlib.MAX_WBITS  # gzip's header or zlib's
LEVEL = 6
CODINGS = ("gzip", "deflate", "identity")


def inflated(body: bytes, coding: str, limit: int) -> bytes:
    """The body without its coding. It is never inflated beyond the limit, whatever it would become.

    Raises:
        UnknownCoding: the coding is none of those that API Gateway takes
        MalformedBody: the body is not in its coding, or ends too early
        BodyTooLarge: it is over the limit
    """
    coding = coding.strip().lower()
    if coding not in CODINGS:
        raise UnknownCoding(", ".join(CODINGS))
    if coding == "identity" or not body:
        return body
    try:
        inflater = zlib.decompressobj(ANY_ZLIB)
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise MalformedBody(coding) from None
    if len(inflated) > limit:
        raise BodyTooLarge(limit)
    if not inflater.eof or inflater.unused_data:
        raise MalformedBody(coding)
    return inflated


def accepts_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip, or anything, and does not refuse it (RFC 9110, 12.5.3)."""
    weights = dict(_weighted(part) for part in accepted.lower().split(","))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weighted(part: str) -> tuple[str, float]:
    coding, _, weight = part.partition(";")
    _, _, value = weight.partition("=")
    try:
        return coding.strip(), float(value.strip() or 1)
    except ValueError:
        return coding.strip(), 0.0


def compress(response: Response) -> None:
    """Compress an answer that has no coding yet."""
    if "content-encoding" in response.headers:
        return
    response.body = gzip.compress(bytes(response.body), LEVEL, mtime=0)
    response.headers["content-encoding"] = "gzip"
    response.headers["content-length"] = str(len(response.body))
    response.headers.append("vary", "Accept-Encoding")
