"""The gateway's own Prometheus metrics, counted where its access log is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.requests import Request
from starlette.responses import Response

from local.gateway.access_log import AccessLog

if TYPE_CHECKING:
    from local.artifact.emulator.deployment import Deployment

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 29)


class GatewayMetrics(AccessLog):
    """An access log that also counts."""

    def __init__(self) -> None:
        super().__init__()
        self._registry = CollectorRegistry()
        labels = ("method", "resource", "status")
        self._requests = Counter(
            "gateway_requests", "Requests answered", labels, registry=self._registry
        )
        self._seconds = Histogram(
            "gateway_request_seconds",
            "From the request's arrival to the answer's end",
            ("resource",),
            registry=self._registry,
            buckets=BUCKETS,
        )

    def write(
        self, request: Request, response: Response, request_id: str, seconds: float, resource: str
    ) -> None:
        """Count, then log. All paths that do not exist count as one."""
        super().write(request, response, request_id, seconds, resource)
        self._requests.labels(request.method, resource, response.status_code).inc()
        self._seconds.labels(resource).observe(seconds)

    def watch(self, deployments: Callable[[], Mapping[str, Deployment]]) -> None:
        """Report the environments of the deployed functions, by system."""
        self._registry.register(_Environments(deployments))

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self._registry)


class _Environments:
    def __init__(self, deployments: Callable[[], Mapping[str, Deployment]]) -> None:
        self._deployments = deployments

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ["system", "function"]
        gauge = GaugeMetricFamily(
            "lambda_environments", "Execution environments that run", labels=labels
        )
        for system, deployment in self._deployments().items():
            for name, function in deployment.functions.items():
                gauge.add_metric([system, name], len(function.environments))
        yield gauge
