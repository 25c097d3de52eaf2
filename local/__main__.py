"""`python -m local`."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from local.cli import app
from local.machine.environment import leave_aside

leave_aside(os.environ)
for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")  # bars and lines in a terminal that knows ASCII only

app(prog_name="python -m local")
