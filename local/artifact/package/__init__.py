"""The packaged artifact: making it, finishing its layer, reading its template, unpacking it."""
