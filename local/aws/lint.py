"""Runs CloudFormation's linter over every template and over the merged ones of the functions.

The files in `infra/systems/` are only laid over Chalice's templates, so they are linted merged.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.aws.packaged import TEMPLATE, Package
from local.aws.parameters import INFRA
from local.aws_shapes.account import REGION

MERGED_ONLY = "systems"


def lint(packages: Sequence[Package]) -> str:
    """The linter's findings; empty when there are none."""
    files = [file for file in sorted(INFRA.rglob("*.yaml")) if file.parent.name != MERGED_ONLY]
    files += [package.folder / TEMPLATE for package in packages]
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run(
        [linter, "-r", REGION, "--", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()
