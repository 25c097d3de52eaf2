"""Customers: the people and companies that a consumer keeps with us, their tags and snapshots."""
