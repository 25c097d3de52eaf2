"""Settings of users and of the app, and who may see whose feed."""
