"""Fault runs of app.events: kill points, faults under load, and a ledger that judges them."""
