"""What a browser gets of app.events: the offline queue, and the pages that show it."""
