"""A value that must not be shown: nothing but `reveal` gives it, neither a log line nor a traceback."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any, NoReturn

SHOWN = "[secret]"


class Secret:
    """Bytes or a JSON object.

    Its `repr`, `str` and `format` are `[secret]`. JSON has no form of it. It cannot be changed or
    pickled, and has no hash. Two secrets are compared in constant time.
    """

    __slots__ = ("_kept",)
    _kept: bytes | str

    def __init__(self, value: bytes | Mapping[str, Any]) -> None:
        object.__setattr__(self, "_kept", value if isinstance(value, bytes) else _text(value))

    def reveal(self) -> Any:
        """The bytes, or a new copy of the object."""
        return self._kept if isinstance(self._kept, bytes) else json.loads(self._kept)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_comparable(self.reveal()), _comparable(other.reveal()))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return SHOWN

    def __format__(self, specification: str) -> str:
        return format(SHOWN, specification)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __setattr__(self, _name: str, _value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __delattr__(self, _name: str) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), sort_keys=True)


def _comparable(value: Any) -> bytes:
    return b"bytes " + value if isinstance(value, bytes) else _text(value).encode()
