"""`python -m local.banking.consumer`."""

from __future__ import annotations

import sys

from local.banking.consumer import main

sys.exit(main(sys.argv[1:]))
