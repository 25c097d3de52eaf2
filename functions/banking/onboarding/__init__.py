"""Onboarding a bank as a saga: its steps, and what requests and the schedule do with it."""
