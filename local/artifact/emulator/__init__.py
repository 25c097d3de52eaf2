"""Emulates Lambda: the Runtime API, execution environments and functions."""
