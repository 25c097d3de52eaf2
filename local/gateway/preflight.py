"""Answers OPTIONS without a function, as the mock integration of a packaged template does in AWS.

`local.artifact.package.preflights` makes that integration. Leaves what an answer says to the layer.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fintegrate.http.cors import NOTHING, Origins
from local.gateway.routes import Match


def preflight_response(request: Request, match: Match, origins: Origins | None) -> Response | None:
    """The answer to OPTIONS of a known path; None if a function answers.

    Args:
        origins: the origins whose pages may read its answers; None if none ever may
    """
    if origins is None and match.function("OPTIONS"):
        return None
    said = NOTHING
    if origins is not None:
        said = origins.preflight(request.headers.get("origin"), match.methods)
    return Response(status_code=204, headers={"Allow": match.allowed, **said})
