"""The server process of the source tree, and starting and stopping it."""
