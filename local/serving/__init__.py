"""Serves the source tree, and starts and stops server processes."""
