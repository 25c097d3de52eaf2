"""The faults of a run of app.events. `catalogue` lists them; the kit causes them."""
