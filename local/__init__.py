"""The local harness: real services, the API gateway and the schedules on the developer's machine.

It runs the functions of this repository and never is part of what is deployed. Importing it
makes the layer importable, from `vendor/` as in the bundle.
"""

from __future__ import annotations

import sys
from pathlib import Path

VENDOR = str(Path(__file__).resolve().parent.parent / "vendor")
if VENDOR not in sys.path:
    sys.path.append(VENDOR)
