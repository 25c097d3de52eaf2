"""Faults of any run: of servers, of the connections to them, and of its processes."""
