"""Letters: an invented second system, to show that packages are apart."""
