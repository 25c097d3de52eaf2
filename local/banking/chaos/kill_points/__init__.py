"""Kill points: a process dies by SIGKILL at every boundary between two steps, one after another.

The functions know nothing of it. A process of the harness watches PostgreSQL's driver and the methods
of a step, and kills itself at the chosen boundary. After each death fresh processes bring the system
to rest. Then the promises are checked.
"""
