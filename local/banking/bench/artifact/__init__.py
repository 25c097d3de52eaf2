"""Measures the packaged artifact: cold starts, gateway latency, throughput and sizes."""
