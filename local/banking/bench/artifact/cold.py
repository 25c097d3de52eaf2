"""The first request of a cold start: it creates a customer, because that connects to every server."""

from __future__ import annotations

import json

from local.artifact.cold_starts import FirstCall
from local.banking.in_process import json_event

# The third-party packages that a request needs: AWS's runtime client and those of the layer.
# Pydantic imports its modules lazily, so we import the names that the functions use.
IMPORTS = """
import awslambdaric.bootstrap
import chalice.app, bcrypt, pika, psycopg2, redis
from pydantic import BaseModel, Field
import aws_lambda_powertools.logging, os
psycopg2.connect(os.environ["DATABASE_URL"]).cursor().execute("SELECT 1")
channel = pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ_URL"])).channel()
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
print("connected", flush=True)
os._exit(0)
"""


def first_create(key: str) -> FirstCall:
    """A create with this key."""
    event = json_event(key, "POST", "/customer/data", {"name": "John Richard Doe"})
    return FirstCall(
        function="APIHandler",
        event=json.dumps(event).encode,
        is_done=lambda answer: json.loads(answer)["statusCode"] == 201,
        imports=IMPORTS,
    )
