"""Serves Lambda's Invoke API and the server's metrics on a separate port, on loopback only.

`make invoke` uses it. `aws lambda invoke --endpoint-url` and boto3 can use it too.
"""

from __future__ import annotations

import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.artifact.emulator.invocation import InvokeError
from local.artifact.gateway_metrics import GatewayMetrics
from local.artifact.site import MigrationFailed
from local.artifact.sites import Sites

JSON = "application/json"
METRICS = "text/plain; version=0.0.4; charset=utf-8"


def control_api(sites: Sites, metrics: GatewayMetrics) -> Starlette:
    async def invoke(request: Request) -> Response:
        payload = await request.body() or b"{}"
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        try:
            deployment, name = sites.deployment_of(request.path_params["name"])
            if kind == "Event":
                deployment.invoke_later(name, payload)
                return Response(status_code=202)
            outcome = await deployment.invoke(name, payload)
        except InvokeError as error:
            body = json.dumps({"Type": "User", "Message": str(error)})
            headers = {"X-Amzn-ErrorType": error.name}
            return Response(body, error.status, headers, media_type=JSON)
        headers = {"X-Amz-Executed-Version": "$LATEST"}
        if outcome.error is not None:
            headers["X-Amz-Function-Error"] = outcome.error
        return Response(outcome.payload, headers=headers, media_type=JSON)

    async def replace(request: Request) -> Response:
        """Serve this artifact of a system from now on. `make deploy-local HOT=1` calls this."""
        try:
            await sites.replace(Path((await request.body()).decode()))
        except MigrationFailed as error:
            return Response(str(error), 500)
        return Response(status_code=204)

    async def show_metrics(_request: Request) -> Response:
        return Response(metrics.exposition(), media_type=METRICS)

    return Starlette(
        routes=[
            Route("/2015-03-31/functions/{name:path}/invocations", invoke, methods=["POST"]),
            Route("/artifact", replace, methods=["PUT"]),
            Route("/metrics", show_metrics, methods=["GET"]),
        ]
    )
