"""Runs the packaged artifact as AWS would: Lambda, API gateway, schedules and queue source.

Reads what `package` made (the template and its zips) and nothing of the source tree.
"""
