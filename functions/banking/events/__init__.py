"""Events: what they look like, where they go, and what became of them."""
