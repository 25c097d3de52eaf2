"""Dead letters for people: read, sent again, resolved."""
