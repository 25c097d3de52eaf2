"""The phones' side of app.events: users with tokens, and what the documents say of the events."""
