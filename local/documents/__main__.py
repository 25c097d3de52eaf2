"""`python -m local.documents`: write the documents and name those that changed."""

from __future__ import annotations

import sys

from local.documents import write
from local.machine.checkout import Checkout

if __name__ == "__main__":
    root = Checkout().root
    for file in write(root):
        sys.stdout.write(f"wrote {file.relative_to(root)}\n")
