"""Fintegrate's functions: one folder per system, and `operations` for every package.

Imported as `chalicelib` everywhere, as in the deployed bundle.
"""
