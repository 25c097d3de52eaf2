"""``python -m local.banking.consumer``."""

import sys

from local.banking.consumer import main

sys.exit(main(sys.argv[1:]))
