"""The audit log: who did or tried what, on whose data, and why."""
