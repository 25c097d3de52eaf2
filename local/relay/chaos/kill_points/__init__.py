"""Kill points of the relay: a process dies between two steps of an ingest, an intake or a delivery."""
