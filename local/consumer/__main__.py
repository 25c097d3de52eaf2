"""``python -m local.consumer``."""

import sys

from local.consumer import main

sys.exit(main(sys.argv[1:]))
