"""Fintegrate's functions: one folder per system, and `operations` for every package.

Imported as `chalicelib` everywhere, as in the deployed bundle.
"""

from fintegrate.packed_modules import look_into

look_into(__name__, __path__[0])
