"""Imports every function of the relay, service by service: the index to read first."""

SERVICES = {}
