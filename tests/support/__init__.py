"""What the tests share: calling functions in this process, fixtures, and reading from the broker."""
