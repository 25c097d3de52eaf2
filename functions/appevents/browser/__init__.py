"""What a browser gets of app.events: the offline queue."""
