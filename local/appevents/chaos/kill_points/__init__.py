"""Kill points of app.events: a process dies between two steps of its work."""
