"""Training programs of a user, their workouts, what was done, and what to be reminded of."""
