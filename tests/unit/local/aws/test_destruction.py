"""Nothing is destroyed by a slip of the finger, and all of it in the right order otherwise."""

from __future__ import annotations

import pytest

from local.aws.destruction import NotConfirmed, confirm, destroy
from local.aws.stacks import Stacks


class FewStacks(Stacks):
    """Stacks that are only names."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.deleted: list[str] = []

    def exists(self, stack: str) -> bool:
        return stack in self.names

    def delete(self, stack: str) -> None:
        self.deleted.append(stack)


@pytest.mark.parametrize("answer", ["", "n", "no", "dev", "yess"])
def test_dev_stays_without_a_yes(answer: str) -> None:
    with pytest.raises(NotConfirmed, match="nothing was destroyed"):
        confirm("dev", lambda _question: answer)


@pytest.mark.parametrize("answer", ["y", "yes", "prod", "fintegrate-dev", ""])
def test_prod_stays_without_its_name(answer: str) -> None:
    with pytest.raises(NotConfirmed):
        confirm("prod", lambda _question: answer)


@pytest.mark.parametrize(("stage", "answer"), [("dev", "y"), ("prod", "fintegrate-prod")])
def test_right_answer_goes_on(stage: str, answer: str) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    confirm(stage, ask)

    assert f"fintegrate-{stage}" in asked[0]


def test_newest_stack_goes_first() -> None:
    stacks = FewStacks(
        "fintegrate-dev-network", "fintegrate-dev-banking-functions", "fintegrate-dev-database"
    )

    destroy("dev", stacks, lambda _said: None)

    assert stacks.deleted == [
        "fintegrate-dev-banking-functions",
        "fintegrate-dev-database",
        "fintegrate-dev-network",
    ]
