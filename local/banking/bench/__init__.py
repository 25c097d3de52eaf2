"""Measurements: `python -m local bench`. Each figure stands beside its floor from the same run."""
