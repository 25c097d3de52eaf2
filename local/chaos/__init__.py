"""The parts of a fault run of any system: proxies, members, boundaries and findings."""
