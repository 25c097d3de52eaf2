"""The faults of a run. `catalogue` lists them; the other modules cause them."""
