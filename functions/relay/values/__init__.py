"""What a sender's values become: money, times, hashes. Pure functions; no database, no network."""
