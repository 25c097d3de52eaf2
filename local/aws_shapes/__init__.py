"""What AWS hands to a function and takes back, field by field."""
