"""Kill points: a process dies by SIGKILL at every boundary between two steps, one after another.

The functions know nothing of it: a process of the harness watches the driver of PostgreSQL and the
methods that a step is made of, and ends itself at the chosen one. After each death fresh processes
bring the system to rest, and what was promised is checked.
"""
