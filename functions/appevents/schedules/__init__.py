"""What runs each minute."""
