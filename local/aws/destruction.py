"""Takes a stage away, after asking: deletes its stacks in reverse order.

AWS keeps three things on purpose: the last snapshot of the database, the bucket with the packages and
the buckets with the videos and with banking's files.
"""

from __future__ import annotations

from collections.abc import Callable

from local.aws.deployment import all_parts
from local.aws.stacks import Stacks


class NotConfirmed(Exception):
    """The stage stays; the text gives the reason."""


def confirm(stage: str, ask: Callable[[str], str]) -> None:
    """Ask before anything is destroyed. Dev needs a yes, prod its whole name.

    Raises:
        NotConfirmed: the answer was a different one.
    """
    name = f"fintegrate-{stage}"
    if stage == "prod":
        question, wanted = f"This destroys production. Type {name} to go on: ", {name}
    else:
        question, wanted = f"Destroy {name} with its data? [y/N] ", {"y", "yes"}
    if ask(question).strip().lower() not in wanted:
        raise NotConfirmed(f"nothing was destroyed: {name} stays")


def destroy(stage: str, stacks: Stacks, say: Callable[[str], None]) -> None:
    """Delete the stacks of a stage, the newest first. Stacks that no longer exist are skipped.

    Raises:
        StackFailed: something cannot be deleted, such as a database with deletion protection.
    """
    for part in reversed(all_parts()):
        name = part.stack(stage)
        if stacks.exists(name):
            say(f"{name}: deleting")
            stacks.delete(name)
