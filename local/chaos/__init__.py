"""What fault runs of any system are made of: proxies, members, boundaries, findings."""
