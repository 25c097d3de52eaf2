"""Checks: a destination is tried at an admin's word, and the answer is shown."""
