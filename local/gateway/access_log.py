"""Writes one JSON line per request to standard output.

It logs only names of query parameters, never their values, and no key that stands in a path or a name.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from fintegrate.redaction import redacted


class AccessLog:
    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream

    def write(
        self, request: Request, response: Response, request_id: str, seconds: float, resource: str
    ) -> None:
        """Write the line of one request. `resource` is the route; it is empty when none matched."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "source_ip": request.client.host if request.client else "",
            "method": request.method,
            "path": resource or request.scope["path"],
            "query_names": [name for name, _ in parse_qsl(_query(request))],
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": len(response.body),
        }
        # ASCII only, so that a caller cannot send control sequences to a terminal.
        print(redacted(json.dumps(line)), file=self._stream, flush=True)


def _query(request: Request) -> str:
    return str(request.scope["query_string"], "latin-1")
