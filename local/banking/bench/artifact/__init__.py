"""Measures the packaged artifact: cold starts, the way through the gateway, throughput, sizes."""
