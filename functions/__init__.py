"""Fintegrate's functions: one folder per system, and `operations` for every package.

Imported as `chalicelib` everywhere, as in the deployed bundle.
"""

from fintegrate.packed_modules import find_packed

find_packed(__name__, __path__[0])
