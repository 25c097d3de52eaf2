"""An example of each event, and one wrong value per field: a module per module of `chalicelib`'s events.

`EXAMPLES` has the data by type. `WRONG` has a wrong value by type and field; a field inside another is
named by its path, such as `exercises.0.sets`.
"""
