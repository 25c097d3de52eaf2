"""Delivery: each event goes to each destination of its storefront, and its state is kept."""
