"""The layer that every function shares: envelope, authentication, database, outbox, publisher.

It knows no endpoint, no table of a service and no exchange. A system's wiring passes in what belongs
to its services: statements, topology, the shape of messages. Importing this package reads no
environment, opens no connection and loads nothing of AWS.
"""
