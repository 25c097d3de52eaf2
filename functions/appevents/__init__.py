"""app.events: a phone tells events, services act on each once, the phone learns the outcome."""
