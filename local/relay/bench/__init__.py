"""Measures the relay, each figure beside its floor in the same run: part of `python -m local bench`."""
