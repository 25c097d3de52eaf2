"""Metrics for CloudWatch, as log lines in its embedded metric format.

CloudWatch reads the metrics from the log, so a function needs no permission and makes no call. On this
machine they are ordinary log lines.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

_IN_SECONDS = "Age"


def publish(namespace: str, dimensions: Mapping[str, str], figures: Mapping[str, int]) -> None:
    """Write these figures now; a name that ends in `Age` is in seconds, the others are counts."""
    from aws_lambda_powertools.metrics import EphemeralMetrics  # spares requests the import

    # A service would add a dimension, and the alarms match exactly the dimensions given.
    metrics = EphemeralMetrics(namespace=namespace, service="")
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, figure in figures.items():
        metrics.add_metric(name, "Seconds" if name.endswith(_IN_SECONDS) else "Count", figure)
    metrics.flush_metrics()
    sys.stdout.flush()
