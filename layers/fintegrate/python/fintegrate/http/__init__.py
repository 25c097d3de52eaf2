"""The frame of every endpoint: from the request to the envelope of its answer."""
