"""Old events in files of the object store: how they get there, and how they are read."""
