"""Fintegrate's functions: one folder per service, one small file per endpoint or schedule.

Imported as `chalicelib` everywhere, as in the deployed bundle. `platform` is the only wiring.
"""
