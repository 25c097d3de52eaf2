"""Imports the modules of a package from one file beside it, as packaging leaves them in a bundle.

The file is a JSON object, compressed by LZMA: the sources by their paths below the package. Python's
own import from an archive takes a cold start 35 ms more, because it is written in Python and reads each
module by itself. Leaves to others which packages are packed so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

FILE = "modules.json.xz"


def find_packed(package: str, folder: str) -> None:
    """Find the package's modules in the folder's `FILE`, if there is one, before any other place."""
    try:
        with open(f"{folder}/{FILE}", "rb") as file:
            packed = file.read()
    except FileNotFoundError:
        return
    import lzma  # a checkout does without it

    sources = json.loads(lzma.decompress(packed))
    sys.meta_path.insert(0, _Finder(f"{package}.", folder, sources))


class _Finder:
    """Finder and loader of one package's modules."""

    def __init__(self, prefix: str, folder: str, sources: dict[str, str]) -> None:
        self._prefix = prefix
        self._folder = folder
        self._sources = sources

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(self._prefix):
            return None
        file = self._file_of(name)
        if file is None:
            return None
        is_package = file.endswith("/__init__.py")
        origin = f"{self._folder}/{file}"
        spec = ModuleSpec(
            name,
            self,  # type: ignore[arg-type]
            origin=origin,
            loader_state=file,
            is_package=is_package,
        )
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [origin.removesuffix("/__init__.py")]
        return spec

    def create_module(self, _spec: ModuleSpec) -> None:
        """The usual kind of module."""

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        code = self._compiled(module.__spec__.loader_state)
        exec(code, module.__dict__)  # noqa: S102 - it is an import

    def get_code(self, name: str) -> CodeType:
        """What `python -m` runs."""
        return self._compiled(self._known(name))

    def get_source(self, name: str) -> str:
        """The source, of which tracebacks show lines."""
        return self._sources[self._known(name)]

    def get_data(self, path: str) -> bytes:
        """The content of a file beside the modules."""
        return self._sources[path.removeprefix(f"{self._folder}/")].encode()

    def _compiled(self, file: str) -> CodeType:
        code: CodeType = compile(
            self._sources[file], f"{self._folder}/{file}", "exec", dont_inherit=True
        )
        return code

    def _known(self, name: str) -> str:
        file = self._file_of(name)
        if file is None:
            raise ImportError(name)
        return file

    def _file_of(self, name: str) -> str | None:
        place = name.removeprefix(self._prefix).replace(".", "/")
        files = (f"{place}.py", f"{place}/__init__.py")
        return next((file for file in files if file in self._sources), None)
