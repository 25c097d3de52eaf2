"""The faults of a run of the relay. `catalogue` lists them; the other modules cause them."""
