"""Match keys: the hashes by which platforms recognise a person, from what a sender says of a user.

Platforms normalise differently, so one value has several hashes. The plain value is dropped here;
only city, state and country are also handed back, because TikTok takes them plain: they are stored
encrypted. What cannot be used is left out with a warning, for an event is worth more than its phone
number.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from chalicelib.relay.values.countries import ALIASES, ALPHA_2, US_STATES
from chalicelib.relay.values.json_text import flaw_of
from fintegrate.text import composed, is_simple, text_of, without

_HASH, _HASH_LENGTH = re.compile(r"[0-9a-fA-F]{64}"), 64
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_GOOGLE_MAIL = ("gmail.com", "googlemail.com")
_DATE = re.compile(r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[Tt ].*)?", re.ASCII)
_GENDERS = {"f": "f", "female": "f", "m": "m", "male": "m"}
_LONGEST_PHONE = 16
_NORTH_AMERICAN = re.compile(r"(\+1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?(\d{3})[ .-]?(\d{4})", re.ASCII)
_NORTH_AMERICA = frozenset({"US", "CA"})
_LONGEST = 320


class UserData(NamedTuple):
    """What is kept of a user.

    Attributes:
        keys: hashes in lower-case hex, by the name of the match key
        places: `city`, `state`, `country`, normalised and plain
        warnings: one sentence for each field that was left out
    """

    keys: dict[str, str]
    places: dict[str, str]
    warnings: list[str]


class _Unusable(Exception):
    """The value is not what its field is for; the text ends the warning."""


def user_data(user: object, country: str) -> UserData:
    """Make the match keys of a `user` object. Never raises, whatever the object holds.

    Args:
        country: of the storefront, alpha-2. National phone numbers are of this country
    """
    found = UserData({}, {}, [])
    if user is None:
        return found
    if not isinstance(user, dict):
        found.warnings.append("user: not an object, left out")
        return found
    home = _home(user, country)
    for field, make in _MAKERS.items():
        if user.get(field) is None:
            continue
        try:
            text = _text_of(user[field])
            if text:
                _add(found, field, text, make, home)
        except _Unusable as why:
            found.warnings.append(f"user.{field}: {why}, left out")
    return found


def hashed(text: str) -> str:
    """SHA-256 of the text in UTF-8 and NFC, in lower-case hex."""
    return sha256(composed(text).encode("utf-8", "replace")).hexdigest()


class _Home(NamedTuple):
    """Where values without a country belong: the storefront's country, the user's if it is known."""

    shop: str
    user: str


_Maker = Callable[[str, _Home], dict[str, str]]


def _add(found: UserData, field: str, text: str, make: _Maker, home: _Home) -> None:
    if len(text) == _HASH_LENGTH and _HASH.fullmatch(text):
        found.keys.update(dict.fromkeys(_KEYS[field], text.lower()))
        return
    last = digest = ""
    for key, plain in make(text, home).items():
        if plain:
            digest = digest if plain == last else hashed(plain)  # most forms are alike
            last = plain
            found.keys[key] = digest
            if key in _PLACES:
                found.places[_PLACES[key]] = plain


def _home(user: Mapping[str, Any], country: str) -> _Home:
    try:
        own = _country(_text_of(user.get("country")), _Home(country, country))["country"]
    except _Unusable:
        own = country
    return _Home(country.upper(), (own or country).lower())


def _text_of(value: object) -> str:
    """The value as trimmed text in NFC; an integer is its digits. Nothing is the empty text."""
    if value is None:
        return ""
    if isinstance(value, str) and len(value) <= _LONGEST and is_simple(value):
        return value.strip()
    text = text_of(value)
    if text is None:
        raise _Unusable("not text")
    if len(text) > _LONGEST:
        raise _Unusable(f"longer than {_LONGEST} characters")
    if flaw_of(text):
        raise _Unusable("not readable text")
    return composed(text).strip()


def _email(text: str, _home: _Home) -> dict[str, str]:
    address = text.lower()
    if not _EMAIL.fullmatch(address):
        raise _Unusable("not an e-mail address")
    local, _, domain = address.rpartition("@")
    google = local.replace(".", "") if domain in _GOOGLE_MAIL else local
    return {"em": address, "em_google": f"{google}@{domain}"}


def _phone(text: str, home: _Home) -> dict[str, str]:
    found = _NORTH_AMERICAN.fullmatch(text)
    if found and (found[1] or home.shop in _NORTH_AMERICA):
        digits = "".join(found.groups()[1:])
        if _geographic_of_the_us().fullmatch(digits):
            return {"ph": f"1{digits}", "ph_plus": f"+1{digits}"}
    return _any_phone(text, home)


@cache
def _geographic_of_the_us() -> re.Pattern[str]:
    """The numbers with an area code of the US, as the library knows them: most are such."""
    from phonenumbers import PhoneMetadata

    known: Any = PhoneMetadata.metadata_for_region("US")
    return re.compile(known.fixed_line.national_number_pattern)


def _any_phone(text: str, home: _Home) -> dict[str, str]:
    # Ten milliseconds of a cold start, and most events have no phone number.
    import phonenumbers

    try:
        number = phonenumbers.parse(text, home.shop)
        # The same as `is_valid_number` alone, which looks for the country first.
        usable = phonenumbers.is_valid_number_for_region(number, home.shop)
        usable = usable or phonenumbers.is_valid_number(number)
    except phonenumbers.NumberParseException:
        usable = False
    if not usable:
        raise _Unusable("not a phone number")
    plus = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(plus) > _LONGEST_PHONE:
        raise _Unusable("not a phone number")
    return {"ph": plus.removeprefix("+"), "ph_plus": plus}


def _first_name(text: str, _home: _Home) -> dict[str, str]:
    return _name("fn", text)


def _last_name(text: str, _home: _Home) -> dict[str, str]:
    return _name("ln", text)


def _name(key: str, text: str) -> dict[str, str]:
    """Letters of any script and inner spaces stay. Google also wants digits out."""
    lower = text.lower()
    if lower.isalpha():
        return {key: lower, f"{key}_google": lower}
    return {key: without(lower, "PS").strip(), f"{key}_google": without(lower, "PSN").strip()}


def _city(text: str, _home: _Home) -> dict[str, str]:
    return {"ct": without(text.lower(), "PSZC")}


def _state(text: str, home: _Home) -> dict[str, str]:
    state = without(text.lower(), "PSZC")
    return {"st": US_STATES.get(state, state) if home.user == "us" else state}


def _zip(text: str, home: _Home) -> dict[str, str]:
    code = without(text.lower(), "PSZC")
    if home.user != "us":
        return {"zp": code}
    # A sender that keeps zip codes as numbers has lost the zeros in front.
    code = code.zfill(5) if len(code) > 2 else code
    if not (code.isascii() and code.isdigit() and len(code) in {5, 9}):
        raise _Unusable("not a zip code of the US")
    return {"zp": code[:5]}


def _country(text: str, _home: _Home) -> dict[str, str]:
    code = ALIASES.get(text.lower(), text.lower())
    if code and code not in ALPHA_2:
        raise _Unusable("not a country of ISO 3166-1 alpha-2")
    return {"country": code}


def _birthday(text: str, _home: _Home) -> dict[str, str]:
    found = _DATE.fullmatch(text)
    try:
        day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
    except ValueError:
        day = None
    if day is None or day.year < 1900:
        raise _Unusable("not a date such as 1980-12-31")
    return {"db": f"{day:%Y%m%d}"}


def _gender(text: str, _home: _Home) -> dict[str, str]:
    gender = _GENDERS.get(text.lower())
    if gender is None:
        raise _Unusable("not f or m")
    return {"ge": gender}


def _external_id(text: str, _home: _Home) -> dict[str, str]:
    return {"external_id": text}


_MAKERS: dict[str, _Maker] = {
    "email": _email,
    "phone": _phone,
    "first_name": _first_name,
    "last_name": _last_name,
    "city": _city,
    "state": _state,
    "zip": _zip,
    "country": _country,
    "date_of_birth": _birthday,
    "gender": _gender,
    "external_id": _external_id,
}
_KEYS = {
    "email": ("em", "em_google"),
    "phone": ("ph", "ph_plus"),
    "first_name": ("fn", "fn_google"),
    "last_name": ("ln", "ln_google"),
    "city": ("ct",),
    "state": ("st",),
    "zip": ("zp",),
    "country": ("country",),
    "date_of_birth": ("db",),
    "gender": ("ge",),
    "external_id": ("external_id",),
}
FIELDS = tuple(_MAKERS)
_PLACES = {"ct": "city", "st": "state", "country": "country"}
