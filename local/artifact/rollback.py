"""The sources of an earlier commit, to be deployed again: `make rollback STAGE=… TO=<commit>`.

Nothing of this checkout changes. The earlier code meets the database as it is: its migration tolerates
newer additive migrations, and refuses before anything is replaced if there are others.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping

from local.machine.checkout import Checkout
from local.services.databases import system_databases
from local.services.settings import search_path

ROLES = "layers/fintegrate/python/fintegrate/roles.py"


class NoSuchCommit(RuntimeError):
    """The commit is not in this repository."""


def earlier(checkout: Checkout, commit: str) -> Checkout:
    """The commit's sources in a folder of their own.

    Raises:
        NoSuchCommit: Git does not know it; the text is Git's
    """
    name = _git(checkout, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}")
    folder = checkout.folder("rollback") / name.decode().strip()[:12]
    if not folder.exists():
        unfinished = checkout.folder("rollback") / f"{folder.name}.{os.getpid()}.new"
        sources = io.BytesIO(_git(checkout, "archive", "--format=tar", name.decode().strip()))
        with tarfile.open(fileobj=sources) as archive:
            archive.extractall(unfinished, filter="tar")
        unfinished.rename(folder)
    return Checkout(folder)


def settings_for(sources: Checkout, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The settings of a checkout's code: from before the functions' user there is one, the owner.

    Such code knows fewer systems than this.
    """
    if (sources.root / ROLES).exists():
        return environment
    owners = {
        each.setting: environment[each.owner_setting]
        for each in system_databases()
        if each.owner_setting in environment
    }
    return {**environment, **owners}


def deploy_to_aws(sources: Checkout, stage: str) -> int:
    """Let the earlier code deploy itself, as `make deploy` of that commit does; its exit status."""
    command = [sys.executable, "-m", "local.aws", "deploy", stage]
    environment = {**os.environ, "PYTHONPATH": search_path(sources)}
    return subprocess.run(command, cwd=sources.root, env=environment, check=False).returncode


def _git(checkout: Checkout, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(checkout.root), *arguments], capture_output=True, check=False
    )
    if done.returncode:
        raise NoSuchCommit(done.stderr.decode().strip())
    return done.stdout
