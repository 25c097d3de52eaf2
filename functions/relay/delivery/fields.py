"""Fields of credentials and settings: what each must look like, and the sentence for what is wrong."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_LONGEST = 4096
_EVENT_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,99}", re.ASCII)

Check = Callable[[Any], str | None]
"""Says what a value must be if it is not that, or nothing."""


class Field(NamedTuple):
    """A field by the check of its value."""

    check: Check
    required: bool = True


def matching(pattern: str, says: str, *, required: bool = True) -> Field:
    """A text that matches the whole pattern; `says` ends the sentence "must be …"."""
    shape = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str | None:
        fits = isinstance(value, str) and len(value) <= _LONGEST and shape.fullmatch(value)
        return None if fits else f"must be {says}"

    return Field(check, required)


def token(*, required: bool = True) -> Field:
    """A secret that goes into a header or a query: printable ASCII without spaces."""
    return matching(
        r"[!-~]{1,2048}", "1 to 2048 printable characters without spaces", required=required
    )


def one_of(*values: str) -> Field:
    """One of these texts, or absent."""
    return Field(
        lambda value: None if value in values else f"must be one of {', '.join(values)}",
        required=False,
    )


def address(*, required: bool) -> Field:
    """A URL without user-info and fragment. Whether it may be called is decided by the way out."""
    return Field(_wrong_address, required)


def base_address(*, required: bool) -> Field:
    """A URL to which a path is added, so it has no query either."""
    return Field(lambda value: _wrong_address(value) or _wrong_base(value), required)


def event_map(allowed: Check) -> Field:
    """An object from the names of events to a platform's names, or null for what is not sent."""

    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping) or len(value) > 200:
            return "must be an object of at most 200 names"
        wrong = [name for name in value if not _EVENT_TYPE.fullmatch(name)]
        if wrong:
            return "has a key that is no event name"
        said = ((name, allowed(target)) for name, target in value.items() if target is not None)
        return next((f"sends {name} as a name that {what}" for name, what in said if what), None)

    return Field(check, required=False)


def common_settings(names: Check) -> dict[str, Field]:
    """The settings of every destination.

    Args:
        names: what a platform's name of an event must be
    """
    return {
        "event_map": event_map(names),
        "consent_mode": one_of("required", "optional"),
        "test_event_code": matching(r"[!-~]{1,2048}", "printable text", required=False),
    }


def platform_settings(names: Check) -> dict[str, Field]:
    """The settings of a destination whose address is the platform's own."""
    version = matching(r"v\d{1,3}(\.\d{1,3})?", "a version such as v25.0", required=False)
    return {
        **common_settings(names),
        "base_url": base_address(required=False),
        "api_version": version,
    }


def wrong_fields(fields: Mapping[str, Field], given: object, of: str) -> list[str]:
    """One sentence for each field that is missing, unknown or wrong. No sentence holds a value.

    Args:
        of: what the fields are of, `credentials` or `settings`
    """
    if not isinstance(given, Mapping):
        return [f"{of}: must be an object"]
    return [*_missing(fields, given, of), *_unknown(fields, given, of), *_wrong(fields, given, of)]


def _missing(fields: Mapping[str, Field], given: Mapping[Any, Any], of: str) -> Iterable[str]:
    for name, field in fields.items():
        if field.required and given.get(name) is None:
            yield f"{of}.{name}: is missing"


def _unknown(fields: Mapping[str, Field], given: Mapping[Any, Any], of: str) -> Iterable[str]:
    if any(name not in fields for name in given):
        yield f"{of}: takes only {', '.join(fields) or 'no fields'}"


def _wrong(fields: Mapping[str, Field], given: Mapping[Any, Any], of: str) -> Iterable[str]:
    for name, field in fields.items():
        value = given.get(name)
        said = None if value is None else field.check(value)
        if said:
            yield f"{of}.{name}: {said}"


def _wrong_base(value: str) -> str | None:
    return "must be a URL without a query" if "?" in value else None


def _wrong_address(value: Any) -> str | None:
    says = "must be a URL such as https://host.example/path, without user, password and fragment"
    if (
        not isinstance(value, str)
        or not value.isascii()
        or not re.fullmatch(r"[!-~]{1,2000}", value)
    ):
        return says
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return says
    sound = parts.scheme in {"https", "http"} and parts.hostname and parts.username is None
    return None if sound and not parts.fragment and "\\" not in value else says
