"""The wing of the harness for app.events."""
