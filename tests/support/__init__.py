"""What the tests share: calling the functions in this process, and looking at the broker."""
