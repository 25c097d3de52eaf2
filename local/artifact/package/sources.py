"""What the package of one system is made of: the sources of the house without the other systems.

A system's folders bear its name: `functions/<system>` and `sql/<system>`; its functions in AWS are
`infra/systems/<system>.yaml`. Reads names only, and imports none of the sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SOURCES = ("app.py", "chalice.json", "requirements.txt", "functions", "layers", "sql", "vendor")
INFRA = Path("infra", "systems")
COMMON = INFRA / "common.yaml"
CACHE = "__pycache__"


def other_systems(root: Path, system: str) -> tuple[str, ...]:
    """The systems whose folders this one's package does not hold."""
    found = (file.parent.name for file in root.glob("functions/*/system.py"))
    return tuple(sorted(name for name in found if name != system))


def infra_file(system: str) -> Path:
    """What the system's functions need of AWS."""
    return INFRA / f"{system}.yaml"


def source_files(root: Path, system: str) -> Iterator[Path]:
    """Every file that this system's package is made of."""
    left_out = {
        root / folder / other
        for other in other_systems(root, system)
        for folder in ("functions", "sql", "vendor/fintegrate_sql")
    }
    for name in (*SOURCES, COMMON, infra_file(system)):
        source = root / name
        for file in [source] if source.is_file() else sorted(source.rglob("*")):
            if file.is_file() and CACHE not in file.parts and not left_out & {*file.parents}:
                yield file
