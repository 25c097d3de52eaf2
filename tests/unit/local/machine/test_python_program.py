from __future__ import annotations

import subprocess

from local.machine.python_program import python_program


def test_program_runs_without_its_script() -> None:
    done = subprocess.run(
        [*python_program("cfn-lint"), "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("cfn-lint ")
