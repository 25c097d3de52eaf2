"""Ordered webhooks: a bank that is called instead of reading a queue."""
