"""Events: what was accepted, and what became of each."""
