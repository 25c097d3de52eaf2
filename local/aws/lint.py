"""The linter of CloudFormation over every template, and over the functions' merged one.

`infra/functions.yaml` is only what is laid over Chalice's template, so it is linted merged.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.aws.packaged import TEMPLATE, Package
from local.aws.parameters import INFRA
from local.aws_shapes.account import REGION

MERGED_ONLY = "functions.yaml"


def lint(package: Package) -> str:
    """What the linter has to say; empty when nothing."""
    files = [f for f in sorted(INFRA.glob("*.yaml")) if f.name != MERGED_ONLY]
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run(
        [linter, "-r", REGION, "--", *map(str, files), str(package.folder / TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()
