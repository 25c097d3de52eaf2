"""The outbox: sends committed rows, first right after the commit and then by sweeps."""
