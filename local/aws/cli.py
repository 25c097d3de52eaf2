"""`python -m local.aws deploy|admin-key|destroy|lint`, which the Makefile calls."""

from __future__ import annotations

import os
from enum import Enum
from functools import partial
from typing import NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib.systems import NAMES
from local.aws.admin_key import new_admin_key
from local.aws.broker_user import NoPlatformUser
from local.aws.deployment import Deployment, Part
from local.aws.destruction import NotConfirmed, confirm
from local.aws.destruction import destroy as destroy_stage
from local.aws.lint import lint as lint_all
from local.aws.migration import SchemaNotMigrated
from local.aws.packaged import PackagingFailed, package
from local.aws.parameters import ParameterMissing
from local.aws.smoke import SmokeTestFailed
from local.aws.stacks import StackFailed, Stacks

EXPLAINED = (
    StackFailed,
    PackagingFailed,
    ParameterMissing,
    SchemaNotMigrated,
    NoPlatformUser,
    SmokeTestFailed,
    NotConfirmed,
    BotoCoreError,
    ClientError,
)

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(highlight=False, markup=False)


class Stage(str, Enum):  # noqa: UP042 - typer shows the values of this kind
    """The stages that exist."""

    dev = "dev"
    prod = "prod"


@app.command()
def deploy(stage: Stage) -> None:
    """Bring a stage to the state of this checkout. It is safe to run this again."""
    session = boto3.Session()
    stacks = Stacks(session.client("cloudformation"))
    deployment = Deployment(stage.value, session, stacks, os.environ, console.print)
    try:
        urls = deployment.run({name: partial(package, name, stage.value) for name in NAMES})
    except EXPLAINED as error:
        _stop(error)
    for system, url in urls.items():
        console.print(f"{system} {stage.value} answers on {url}")


@app.command(name="admin-key")
def admin_key(stage: Stage) -> None:
    """Make a key for the admin of a stage and print it, this once."""
    try:
        secrets = Stacks(boto3.client("cloudformation")).outputs(Part("secrets").stack(stage.value))
        console.print(
            new_admin_key(boto3.client("secretsmanager"), secrets["ApiKeyCheckSecretArn"])
        )
    except EXPLAINED as error:
        _stop(error)


@app.command()
def destroy(stage: Stage) -> None:
    """Take a stage away, after asking."""
    try:
        confirm(stage.value, input)
        destroy_stage(stage.value, Stacks(boto3.client("cloudformation")), console.print)
    except EXPLAINED as error:
        _stop(error)


@app.command()
def lint() -> None:
    """Lint the templates, including the merged ones."""
    try:
        complaints = lint_all([package(name, "dev") for name in NAMES])
    except PackagingFailed as error:
        _stop(error)
    if complaints:
        console.print(complaints)
        raise typer.Exit(1)


def _stop(error: Exception) -> NoReturn:
    console.print(f"stopped: {error}")
    raise typer.Exit(1)
