"""Checkouts of a test's own: the harness and the layer with a small app and two invented systems."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import httpx
import psutil

from local.machine.ports import is_free
from local.machine.processes import MARKER

ROOT = Path(__file__).resolve().parents[4]
HERE = Path(__file__).parent
MIGRATION = "BEGIN;\n{statement};\nCOMMIT;\n"


class Copy:
    """A checkout in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "local", root / "local", ignore=ignore)
        shutil.copytree(ROOT / "vendor" / "fintegrate", root / "vendor/fintegrate", ignore=ignore)
        shutil.copy(HERE / "tiny_app.py", root / "app.py")
        shutil.copy(ROOT / "chalice.json", root / "chalice.json")
        operations = root / "chalicelib" / "operations"
        operations.mkdir(parents=True)
        for name in ("blueprint.py", "migrate.py"):
            shutil.copy(ROOT / "functions" / "operations" / name, operations)
        shutil.copy(HERE / "tiny_systems.py", root / "chalicelib" / "systems.py")
        for system in ("letters", "parcels"):
            self.add_migration(system, 1, f"CREATE TABLE {system} (id bigint)")
        unwanted = ("LOCAL_SERVICES", "PYTHONPATH", "PORT", "SYSTEM")
        self.environment = {k: v for k, v in os.environ.items() if k not in unwanted}
        self.environment["LOCAL_SERVICES"] = "native"

    def add_migration(self, system: str, number: int, statement: str) -> None:
        """A further migration of a system's database."""
        folder = self.root / "vendor" / "fintegrate_sql" / system / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"20260101_{number:04}_change.sql"
        (folder / name).write_text(MIGRATION.format(statement=statement))

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Begin a command of the harness."""
        return subprocess.Popen(
            [sys.executable, "-m", "local", *command],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, status: int = 0) -> str:
        """Run a command to its end; what it said."""
        with self.start(*command) as process:
            output = process.communicate()[0]
        assert process.returncode == status, output
        return output

    def env(self) -> dict[str, str]:
        """What `.local/env` says."""
        lines = (self.root / ".local" / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def is_healthy(self) -> bool:
        """Whether the server that `.local/env` names answers."""
        return httpx.get(f"{self.env()['BASE_URL']}/health").status_code == 200

    def processes(self) -> list[psutil.Process]:
        """Every live process of this checkout."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get(MARKER, "").startswith(f"{self.root}#")
                inside = Path(process.cwd()).is_relative_to(self.root / ".local")
                if (ours or inside) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def ports(self) -> Iterable[int]:
        """The ports that it has chosen."""
        ports: dict[str, int] = json.loads((self.root / ".local" / "ports.json").read_text())
        return ports.values()

    def assert_nothing_left(self) -> None:
        """No process and no port of it is in use."""
        assert [p.name() for p in self.processes()] == []
        assert [port for port in self.ports() if not is_free(port)] == []
