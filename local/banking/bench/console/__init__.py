"""Measures the console's requests on a large store: `make bench ONLY=console`."""
