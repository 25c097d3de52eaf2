"""When a schedule fires, and firing it."""
