"""What the consoles of all systems share."""
