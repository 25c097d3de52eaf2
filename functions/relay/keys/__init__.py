"""Keys: sealed rows are sealed again under the key that writes now."""
