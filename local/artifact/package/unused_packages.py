"""Which of the layer's packages a system does without.

Most packages are for every system. A heavy one that only some systems need stands in `NEEDED_FOR`, with
the modules of the layer that import it. A system that imports none of these modules gets a layer without
it, because every cold start fetches and unpacks the layer. Reads the sources and imports none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from local.artifact.package.sources import files_below, left_out_of

SEALING = frozenset({"fintegrate.access.sealing", "fintegrate.access.resealing"})
TOKENS = frozenset(f"fintegrate.access.{name}" for name in ("by_token", "issuer_keys", "key_sets"))
STORAGE = frozenset(f"fintegrate.storage.{name}" for name in ("json_lines", "store", "transfer"))
OUTGOING = STORAGE | {
    f"fintegrate.outgoing.{name}" for name in ("client", "connection", "keeping", "reading")
}
BY_SYSTEMS = frozenset({"phonenumbers"})
"""Imported by the systems themselves."""
NEEDED_FOR: Mapping[str, frozenset[str]] = MappingProxyType(
    dict.fromkeys(("cryptography", "cffi", "_cffi_backend", "pycparser"), SEALING | TOKENS)
    | dict.fromkeys(("jwt", "pyjwt"), TOKENS)
    | {"h11": OUTGOING}
    | dict.fromkeys(("phonenumbers", "phonenumberslite"), BY_SYSTEMS)
)
"""The modules that need a package, by the name of its folder, of its one file or of its metadata."""
NOBODYS = ("aws_lambda_powertools/event_handler",)
"""Parts of packages that no system imports, and that are large."""


def unused_packages(root: Path, system: str) -> tuple[str, ...]:
    """The packages of `NEEDED_FOR` that the system's functions do not need, and what nobody needs."""
    others = {root / "functions" / other for other in left_out_of(root, system)}
    imported = {
        name
        for file in files_below(root / "functions")
        if file.suffix == ".py" and not others & {*file.parents}
        for name in _imports(ast.parse(file.read_text(encoding="utf-8")))
    }
    needless = [name for name, modules in NEEDED_FOR.items() if not modules & imported]
    return (*needless, *NOBODYS)


def _imports(tree: ast.Module) -> Iterator[str]:
    """The dotted name of each imported module, and of each name imported from one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
