"""Who calls: how a key looks, and how a request is told by it."""
