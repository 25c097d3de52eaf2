"""Metrics for CloudWatch, as log lines in its embedded metric format.

CloudWatch makes the metrics from the lines, so a function needs no permission and no call. Elsewhere
they are lines like any other.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

_IN_SECONDS = "Age"


def publish(namespace: str, dimensions: Mapping[str, str], figures: Mapping[str, int]) -> None:
    """Write these figures now; a name that ends in `Age` is in seconds, the others are counts."""
    from aws_lambda_powertools.metrics import EphemeralMetrics  # not a request's to import

    # A service would be one more dimension, and alarms go by exactly those given.
    metrics = EphemeralMetrics(namespace=namespace, service="")
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, figure in figures.items():
        metrics.add_metric(name, "Seconds" if name.endswith(_IN_SECONDS) else "Count", figure)
    metrics.flush_metrics()
    sys.stdout.flush()
