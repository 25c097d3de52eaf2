"""Seeing: whether everything that was accepted is accounted for, and how the lanes are."""
