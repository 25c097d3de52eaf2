"""Where the secrets of webhooks come from, and what of them is never said."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.banking.consumer.settings import WrongSetting
from local.banking.consumer.signatures import Secrets
from local.machine.credentials import write_private

ONE, OTHER = "whsec_c3dvcmRmaXNo", "whsec_bWVsbG9u"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bank.secret"
    write_private(file, f"{ONE}\n{OTHER}\n")

    assert len(Secrets.of({}, file).read()) == 2
    assert len(Secrets.of({"WEBHOOK_SECRET": ONE}, file).read()) == 1
    named = {"WEBHOOK_SECRET_FILE": str(file)}
    assert len(Secrets.of(named, tmp_path / "none").read()) == 2


@pytest.mark.parametrize("text", ["swordfish", "whsec_", "whsec_§", f"{ONE} swordfish"])
def test_malformed_secret_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongSetting, match="not of the form whsec_…") as caught:
        Secrets.of({"WEBHOOK_SECRET": text}, tmp_path / "none").read()
    assert "swordfish" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_file_of_others_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bank.secret"
    write_private(file, ONE)
    file.chmod(0o604)
    with pytest.raises(WrongSetting, match="chmod 600"):
        Secrets.of({}, file).read()


def test_secrets_stay_out_of_repr(tmp_path: Path) -> None:
    assert ONE not in repr(Secrets.of({"WEBHOOK_SECRET": ONE}, tmp_path))
