"""The text of `/metrics` in the Prometheus format: the processes' counters, and gauges read now.

prometheus-client writes it. It is imported on demand, because the import takes longer than most
requests. When several systems have a family of the same name, their counts add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from fintegrate.metrics import Counted, GaugeFamily
from fintegrate.metrics_store import MICROSECONDS, SEPARATOR, SUM, Metrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Labels = tuple[str, ...]
Parts = dict[str, float]
"""The parts of one series: those of a histogram, or a single part without a name."""


def exposition(counted: Sequence[Metrics], gauges: Iterable[GaugeFamily]) -> str:
    """The whole text; `<prefix>_metrics_store_up` says whether the counters could be read."""
    from prometheus_client import generate_latest

    return generate_latest(_Collected(counted, gauges)).decode()


class _Collected:
    """The part of a registry that `generate_latest` uses."""

    def __init__(self, counted: Sequence[Metrics], gauges: Iterable[GaugeFamily]) -> None:
        self._counted = counted
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        up = True
        found: dict[str, tuple[Counted, dict[Labels, Parts]]] = {}
        for metrics in self._counted:
            fields = metrics.read()
            up = up and fields is not None
            for family in metrics.families.values():
                found.setdefault(f"{metrics.prefix}_{family.name}", (family, {}))
            for family, labels, part, value in _series(metrics, fields or {}):
                parts = found[f"{metrics.prefix}_{family.name}"][1].setdefault(labels, {})
                parts[part] = parts.get(part, 0) + value
        for name, (family, series) in found.items():
            yield _metric(name, family, series)
        for prefix in {metrics.prefix for metrics in self._counted}:
            description = "Whether Redis gave what the processes counted"
            yield _gauge(GaugeFamily(f"{prefix}_metrics_store_up", description, {(): float(up)}))
        yield from map(_gauge, self._gauges)


def _series(
    metrics: Metrics, fields: Mapping[str, str]
) -> Iterator[tuple[Counted, Labels, str, float]]:
    """Family, labels, part and value of each field; fields of another version are left out."""
    for field, value in fields.items():
        name, *rest = field.split(SEPARATOR)
        family = metrics.families.get(name)
        if family is None:
            continue
        bounded = next((i for i, lb in enumerate(family.labels) if lb in metrics.bounds), None)
        last = rest.pop()
        part = rest.pop() if family.buckets and rest else ""
        if bounded is not None:
            rest.insert(bounded, last)
        if len(rest) == len(family.labels):
            yield family, tuple(rest), part, float(value)


def _metric(name: str, family: Counted, series: Mapping[Labels, Parts]) -> Metric:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    if family.is_set:
        values = {labels: parts[""] for labels, parts in series.items()}
        return _gauge(GaugeFamily(name, family.description, values, family.labels))
    kind: Any = HistogramMetricFamily if family.buckets else CounterMetricFamily
    metric: Any = kind(name, family.description, labels=family.labels)
    for labels, parts in sorted(series.items()):
        if family.buckets:
            metric.add_metric(labels, _buckets(family, parts), parts.get(SUM, 0) / MICROSECONDS)
        else:
            metric.add_metric(labels, parts[""])
    return metric  # type: ignore[no-any-return]


def _buckets(family: Counted, parts: Parts) -> list[tuple[str, float]]:
    """Each bucket's upper bound, and how many values do not exceed it."""
    bounds = [*(str(float(bound)) for bound in family.buckets), "+Inf"]
    counts = accumulate(parts.get(str(number), 0) for number in range(len(bounds)))
    return list(zip(bounds, counts, strict=True))


def _gauge(family: GaugeFamily) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    metric = GaugeMetricFamily(family.name, family.description, labels=family.labels)
    for labels, value in family.values.items():
        metric.add_metric(labels, value)
    return metric
