"""Replays: deliveries that ended are made due again, and pending ones are given up."""
