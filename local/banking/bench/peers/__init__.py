"""Other ways to do the same work, measured beside ours: `python -m local bench-peers`.

Every relay is a program of its own (`relay_*.py`) that finds its backlog in a fresh copy of one
database and says on standard output how far it came. What it published is read back and judged here.
"""
