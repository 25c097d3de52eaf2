"""Joins the modules of the browser's code into the one that is served.

Each is an ES module that imports the former ones by name. Their imports go, as what they name stands in
the same module then, and only the last one exports. Leaves their text as it is, comments included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fintegrate.system_folders import system_folder

OFFLINE_QUEUE = (
    *("entries", "store", "requests", "tabs"),
    *("listeners", "times", "sending", "queue"),
)
"""The modules of the offline queue, each after those that it imports."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)


def join(names: Sequence[str], folder: str = "offline_queue") -> str:
    """The text of one module, from modules of a folder."""
    *parts, last = (_IMPORT.sub("", text_of(f"{folder}/{name}.js")) for name in names)
    return "\n".join([*(_EXPORT.sub("", part) for part in parts), last])


def text_of(name: str) -> str:
    """The text of a file that browsers load, by its path in the system's folder."""
    return (system_folder("fintegrate_browser", "appevents") / name).read_text(encoding="utf-8")
