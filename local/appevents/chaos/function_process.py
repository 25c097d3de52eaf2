"""A function process of a run of app.events: what `local.serving.program` serves, in haste."""

from __future__ import annotations

import sys

from local.appevents.chaos.haste import prepare
from local.serving import program as serve

if __name__ == "__main__":
    prepare()
    serve.main(sys.argv[1:])
