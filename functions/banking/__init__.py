"""Banking: customers are kept for banks, and each change reaches its bank as an event."""
