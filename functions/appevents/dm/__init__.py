"""Conversations of users, and their messages."""
