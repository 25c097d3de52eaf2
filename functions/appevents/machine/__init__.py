"""Notes and preferences of a user for a machine of the gym."""
