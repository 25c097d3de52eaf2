"""The servers as private processes of the machine's own programs."""
