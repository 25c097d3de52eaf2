"""Replays: jobs that publish chosen events of a bank again, slowly and beside the live ones."""
