"""Relay: events about orders reach advertising and analytics platforms, tag managers and webhooks."""
