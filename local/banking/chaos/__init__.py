"""Kills processes, cuts connections, and proves that nothing was lost."""
