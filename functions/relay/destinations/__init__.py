"""Destinations: storefronts, platforms and credentials, as the admin keeps them."""
