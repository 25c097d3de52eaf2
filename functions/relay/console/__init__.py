"""What the operator's console shows of the relay: its first screen, its events, what failed."""
