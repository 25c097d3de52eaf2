"""A process that feeds the functions of all queues, as the event sources do. Several do so at once."""

from __future__ import annotations

import logging
import os
import sys

from local.appevents.chaos.haste import prepare
from local.serving.queue_functions import SourceQueues
from local.serving.source_functions import SourceFunctions, load_app


def main() -> None:
    """Run until standard input closes."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    prepare()
    app = load_app()
    functions = SourceFunctions(app)
    queues = SourceQueues(app, os.environ["RABBITMQ_URL"], os.environ, functions.call)
    queues.start()
    sys.stdin.buffer.read()
    queues.stop()
    functions.close()


if __name__ == "__main__":
    main()
