"""Finds where a text is still kept: a name, an address, an id."""
