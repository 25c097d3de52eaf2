"""What the comparisons of all systems share: the stopwatch of a program, and the peers' virtualenv."""
