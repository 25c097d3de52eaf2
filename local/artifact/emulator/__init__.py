"""Lambda: the Runtime API, execution environments, functions, and what feeds them from queues."""
