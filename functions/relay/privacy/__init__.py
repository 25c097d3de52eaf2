"""Privacy: what is kept of a person is erased."""
