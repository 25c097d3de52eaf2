"""Runs the packaged artifact as AWS would: Lambda, API gateway, schedules and queue source.

Reads only what `package` made: the template and its zips. It never reads the source tree.
"""
