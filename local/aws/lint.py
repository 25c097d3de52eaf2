"""Runs CloudFormation's linter over every template and over the merged ones of the functions.

The files in `infra/systems/` are only laid over Chalice's templates, so they are linted merged.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from local.aws.packaged import TEMPLATE, Package
from local.aws.parameters import INFRA
from local.aws_shapes.account import REGION
from local.machine.python_program import python_program

MERGED_ONLY = "systems"


def lint(packages: Sequence[Package]) -> str:
    """The linter's findings; empty when there are none."""
    files = [file for file in sorted(INFRA.rglob("*.yaml")) if file.parent.name != MERGED_ONLY]
    files += [package.folder / TEMPLATE for package in packages]
    done = subprocess.run(
        [*python_program("cfn-lint"), "-r", REGION, "--", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()
