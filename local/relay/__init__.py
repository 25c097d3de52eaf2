"""The relay's wing of the harness."""
