"""``python -m local.documents``: write the documents and name those that changed."""

import sys

from local.checkout import Checkout
from local.documents import write

if __name__ == "__main__":
    root = Checkout().root
    for file in write(root):
        sys.stdout.write(f"wrote {file.relative_to(root)}\n")
