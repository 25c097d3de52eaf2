"""What the console's first screen shows: where events wait, what needs somebody, the history."""
