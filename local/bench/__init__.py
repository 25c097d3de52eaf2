"""What the measurements of all systems share: turns, figures with their bars, other programs."""
