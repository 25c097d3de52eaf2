"""The layer that every function shares: envelope, authentication, database, outbox, publisher.

It knows no endpoint, no table of a service and no exchange; what is a service's own (its statements,
its topology, the shape of its messages) is handed in by a system's wiring. Nothing here reads
the environment or opens a connection at import time, and nothing of AWS is imported before use.
"""
