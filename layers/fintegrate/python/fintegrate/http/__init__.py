"""What surrounds every handler, from the request to the answer's envelope."""
