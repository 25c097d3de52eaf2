"""What operators see and do: dead letters, and whether every event is accounted for."""
