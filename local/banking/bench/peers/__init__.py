"""Compares other ways to do the same work with ours: `python -m local bench-peers`.

Each relay is a separate program (`relay_*.py`). It finds its backlog in a fresh copy of one database
and prints its result. The messages that it published are then read and judged.
"""
