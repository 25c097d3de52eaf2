"""Fintegrate's functions: one folder per system, and `operations` for every package.

Imported as `chalicelib` everywhere, as in the deployed bundle.
"""

# In a package the modules are one archive beside this file: small files compress badly one by one.
__path__.append(f"{__path__[0]}/modules.zip")
