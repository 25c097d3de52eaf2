"""Prometheus and its exporters beside a served checkout: `make monitor` and `make monitor-down`.

Configuration, rules and dashboards are those of `infra/monitoring/`. Here is what this machine adds:
addresses, the key, processes on loopback.
"""
