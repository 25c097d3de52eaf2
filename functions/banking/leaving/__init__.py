"""What a bank takes along when it leaves, and how it leaves: exports and offboarding."""
