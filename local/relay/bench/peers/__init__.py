"""Compares the relay with one of FastAPI, SQLAlchemy and httpx: `python -m local bench-peers`.

Each contestant is a program (`ingest_*.py`, `deliver_*.py`) that finds its work in a fresh copy of one
database and prints its result. What arrived is counted by the receiver.
"""
