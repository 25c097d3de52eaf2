"""Authentication: the format of keys, and the caller of a request."""
