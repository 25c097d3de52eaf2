"""Lanes: whether a destination may be sent to, as the admin sees and steers it."""
