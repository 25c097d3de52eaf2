"""Videos, from the upload to the feed, and what users say of them."""
