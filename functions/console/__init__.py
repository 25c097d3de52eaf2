"""The console: its page, and the sessions of those who look at it."""
