"""Fintegrate's functions: a folder a system, and what every package has (`operations`).

Imported as `chalicelib` everywhere, as in the deployed bundle.
"""
