"""The marketing events relay: an order system's events reach ad platforms, analytics and webhooks."""
