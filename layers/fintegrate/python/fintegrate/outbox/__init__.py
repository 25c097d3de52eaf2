"""Rows that were committed, and their way out: at once after the commit, and by sweeps."""
