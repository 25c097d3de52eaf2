"""Consumers, the tenants, and their API keys."""
