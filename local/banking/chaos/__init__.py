"""Killing and cutting what there is to kill and cut, and proving that nothing was lost."""
