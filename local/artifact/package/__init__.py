"""The packaged artifact: makes it, finishes its layer, reads its template and unpacks it."""
