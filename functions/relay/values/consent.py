"""Consent: the flags that a person gave or refused, and whether a destination may have the event."""

from collections.abc import Mapping, Set
from typing import Any

from chalicelib.relay.values.wrong import WrongValue

FLAGS = ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage")
LIMITED = "limited_data_use"
AD_PURPOSES = frozenset({"ad_storage", "ad_user_data"})
ANALYTICS_PURPOSES = frozenset({"analytics_storage"})
_WORDS = {"granted": "granted", "denied": "denied"}


def consent_of(value: object) -> dict[str, Any]:
    """The flags as `granted` or `denied`, and `limited_data_use` as a boolean. Other keys are dropped.

    A flag that cannot be read is no consent and no refusal, so nothing is guessed.

    Raises:
        WrongValue: it is no object, or a flag is neither granted, denied nor a boolean.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise WrongValue("consent: must be an object")
    flags: dict[str, Any] = {
        name: _flag(name, value[name]) for name in FLAGS if value.get(name) is not None
    }
    limited = value.get(LIMITED)
    if limited is not None and not isinstance(limited, bool):
        raise WrongValue(f"consent.{LIMITED}: must be true or false")
    return flags if limited is None else {**flags, LIMITED: limited}


def _flag(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "granted" if value else "denied"
    word = _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if word is None:
        raise WrongValue(f"consent.{name}: must be granted, denied or a boolean")
    return word


def refusal(consent: Mapping[str, Any], purposes: Set[str], mode: str | None) -> str | None:
    """Why an event must not go to a destination that needs these purposes, or None.

    Args:
        mode: the destination's `consent_mode`; with `required`, silence is no consent
    """
    if any(consent.get(purpose) == "denied" for purpose in purposes):
        return "consent_denied"
    if mode == "required" and not _given(consent, purposes):
        return "consent_missing"
    return None


def _given(consent: Mapping[str, Any], purposes: Set[str]) -> bool:
    """Whether each needed flag is there; where none is needed, whether any is."""
    if purposes:
        return all(purpose in consent for purpose in purposes)
    return any(flag in consent for flag in FLAGS)
