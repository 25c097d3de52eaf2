"""Deliveries: from events to a platform's request, and from its answer to what becomes of them."""
