"""app.events: a phone tells events, five services act on them once each, the phone learns the outcome."""
