"""What a cold start of a consumer does not pay for."""

from __future__ import annotations

import os
import subprocess
import sys

from local.machine.checkout import Checkout
from local.services.settings import search_path

LOADS = """
import sys
import chalicelib.appevents.handlers
print(sorted({"jwt", "cryptography", "h11"} & {name.partition(".")[0] for name in sys.modules}))
"""


def test_queue_functions_import_no_tokens() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        env={**os.environ, "PYTHONPATH": search_path(Checkout())},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"
