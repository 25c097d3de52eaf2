"""Ingest: events come in, by the API or as rows of the order system, and get their deliveries."""
