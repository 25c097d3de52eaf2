"""This checkout on this machine: its folders, secrets, ports and processes."""
