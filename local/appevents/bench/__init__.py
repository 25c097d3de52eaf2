"""Measurements of app.events."""
