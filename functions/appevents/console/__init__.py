"""What the console shows of app.events: where events wait, each event's life, and what failed.

Operators only. Events are those of clients, in the database of the notification service, and uploads, in
the video service's. A stream is a function that a queue triggers. Of users there are only ids.
"""
