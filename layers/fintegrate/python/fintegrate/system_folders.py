"""Finds the folders beside the layer's code, here and in AWS, that have one folder per system each.

`fintegrate_sql` has the migrations, `fintegrate_browser` what browsers load. Their files are read and
never imported.
"""

from __future__ import annotations

import sys
from pathlib import Path


def system_folder(package: str, own: str) -> Path:
    """The folder of this path in one of these packages.

    Raises:
        ValueError: it is not on the path of imports.
    """
    wanted = Path(package, own)
    for entry in sys.path:
        if (folder := Path(entry) / wanted).is_dir():
            return folder
    raise ValueError(f"{wanted} is not on the path; in a checkout run with PYTHONPATH=vendor")
