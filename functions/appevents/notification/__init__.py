"""Takes events in, publishes them in order, and knows what became of each."""
