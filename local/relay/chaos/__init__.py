"""Fault runs of the relay: kill points, faults under load, and a ledger that judges them."""
