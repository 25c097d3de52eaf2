"""No migrations: the tiny application has no tables."""
