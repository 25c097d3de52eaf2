"""What can go wrong in a run. `catalogue` lists it; the others do it, by what it happens to."""
