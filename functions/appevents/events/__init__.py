"""The events of the app: their types, and what each one says. All services share this language."""
