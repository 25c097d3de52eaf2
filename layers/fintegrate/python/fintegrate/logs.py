"""JSON log lines, each with the request's id.

aws-lambda-powertools formats them, so CloudWatch Insights can read them. Callers must not log secrets:
nothing here filters them.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request or the scheduled run that this thread works on."""


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


def configure_logging(level: str, service: str) -> None:
    """Send every logger's lines to standard error as JSON, with the service's name.

    A second call only changes the level.
    """
    # Imported here because the package imports botocore: importing this module must load nothing of AWS.
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    root = logging.getLogger()
    root.setLevel(level)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # we log outages ourselves, once
    if any(isinstance(h.formatter, LambdaPowertoolsFormatter) for h in root.handlers):
        return
    handler = logging.StreamHandler()
    handler.setFormatter(LambdaPowertoolsFormatter(service=service, utc=True))
    handler.addFilter(_RequestId())
    root.handlers = [handler]  # Lambda's own handler would print every line twice
