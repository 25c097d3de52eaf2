"""The scheduled functions of relay."""
