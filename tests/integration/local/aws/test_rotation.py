"""A password that changes under a living process costs its requests nothing."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import boto3
import psycopg2
import psycopg2.sql
import pytest

from chalicelib.banking import wiring
from fintegrate.errors import Unavailable

ROLE = "rotated_by_a_test"


def set_password(url: str, password: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,))
        word = "ALTER" if cursor.fetchone() else "CREATE"
        statement = psycopg2.sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
        cursor.execute(
            statement.format(
                psycopg2.sql.SQL(word),
                psycopg2.sql.Identifier(ROLE),
                psycopg2.sql.Literal(password),
            )
        )
    connection.close()


def keep(password: str) -> None:
    """What the rotation leaves in Secrets Manager."""
    boto3.client("secretsmanager").put_secret_value(
        SecretId="database", SecretString=json.dumps({"username": ROLE, "password": password})
    )


def living_process(environment: dict[str, str]) -> wiring.Parts:
    """A process that knows its database from a secret, as in AWS."""
    parts = urlsplit(environment["DATABASE_URL"])
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return wiring.build({**environment, "DATABASE_URL": address, "DATABASE_SECRET_ID": "database"})


@pytest.mark.usefixtures("account")
def test_rotated_password_is_read_again(environment: dict[str, str], database_url: str) -> None:
    boto3.client("secretsmanager").create_secret(Name="database")
    set_password(database_url, "before")
    keep("before")
    database = living_process(environment).request.database
    assert database.fetch_one("SELECT current_user AS name", {}) == {"name": ROLE}
    database.close()

    set_password(database_url, "after")
    keep("after")

    assert database.fetch_one("SELECT current_user AS name", {}) == {"name": ROLE}
    database.close()


@pytest.mark.usefixtures("account")
def test_wrong_password_is_an_outage(environment: dict[str, str], database_url: str) -> None:
    boto3.client("secretsmanager").create_secret(Name="database")
    set_password(database_url, "right")
    keep("wrong")
    database = living_process(environment).request.database

    with pytest.raises(Unavailable):
        database.fetch_one("SELECT 1", {})
