"""Metrics for CloudWatch, as log lines in its embedded metric format.

CloudWatch makes the metrics from the lines, so a function needs no permission and no call. Elsewhere
they are lines like any other.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping

NAMESPACE = "Fintegrate"
_IN_SECONDS = "Age"


def publish(dimensions: Mapping[str, str], figures: Mapping[str, int]) -> None:
    """Say these figures now; a name that ends in `Age` is in seconds, the others are counts."""
    sys.stdout.write(metric_line(dimensions, figures, time.time()) + "\n")
    sys.stdout.flush()


def metric_line(dimensions: Mapping[str, str], figures: Mapping[str, int], now: float) -> str:
    """The line from which CloudWatch makes one metric of each figure."""
    metrics = [
        {"Name": name, "Unit": "Seconds" if name.endswith(_IN_SECONDS) else "Count"}
        for name in figures
    ]
    declared = {"Namespace": NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": metrics}
    stamp = {"Timestamp": int(now * 1000), "CloudWatchMetrics": [declared]}
    return json.dumps({"_aws": stamp, **dimensions, **figures})
