"""What runs every minute or every hour."""
