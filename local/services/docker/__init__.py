"""The servers in containers, through the Docker SDK."""
