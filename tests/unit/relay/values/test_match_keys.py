"""The expected hashes are of the texts beside them, by `hashlib`, and are not made by the product."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.relay.values.match_keys import FIELDS, user_data
from tests.architecture.tree import ROOT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)
PLAUSIBLE = st.sampled_from(
    [
        "Ann@Example.com",
        "(202) 555-0123",
        "+44 20 7946 0958",
        "Zoë-Marie O\u2019Brien",
        "New York",
        "NY",
        "94303-5300",
        "us",
        "1980-12-31",
        "Female",
        "00" * 32,
        "",
        "   ",
    ]
)


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("field", "sent", "keys"),
    [
        # https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
        ("email", " Ann@Example.COM ", {"em": "ann@example.com", "em_google": "ann@example.com"}),
        ("phone", "(202) 555-0123", {"ph": "12025550123", "ph_plus": "+12025550123"}),
        ("phone", "+44 20 7946 0958", {"ph": "442079460958", "ph_plus": "+442079460958"}),
        # https://developers.snap.com/api/marketing-api/Conversions-API/Parameters
        ("phone", "+44 844 412 4653", {"ph": "448444124653", "ph_plus": "+448444124653"}),
        ("phone", 12025550123, {"ph": "12025550123", "ph_plus": "+12025550123"}),
        ("first_name", " Zoë ", {"fn": "zoë", "fn_google": "zoë"}),
        ("last_name", "O'Brien", {"ln": "obrien", "ln_google": "obrien"}),
        ("last_name", "de la Cruz-3", {"ln": "de la cruz3", "ln_google": "de la cruz"}),
        ("first_name", "정", {"fn": "정", "fn_google": "정"}),
        ("city", "St. John's", {"ct": "stjohns"}),
        ("state", "New Jersey", {"st": "nj"}),
        ("state", "NJ", {"st": "nj"}),
        ("zip", "94303-5300", {"zp": "94303"}),
        ("zip", 2139, {"zp": "02139"}),
        ("country", "US", {"country": "us"}),
        ("country", "UK", {"country": "gb"}),
        ("date_of_birth", "1980-12-31", {"db": "19801231"}),
        ("date_of_birth", "19801231", {"db": "19801231"}),
        ("gender", "Female", {"ge": "f"}),
        ("external_id", " Cust-17 ", {"external_id": "Cust-17"}),
        # https://developers.google.com/analytics/devguides/collection/ga4/uid-data
        (
            "email",
            "A.n.n@GoogleMail.com",
            {"em": "a.n.n@googlemail.com", "em_google": "ann@googlemail.com"},
        ),
    ],
)
def test_value_has_the_hash_of_each_platform(
    field: str, sent: object, keys: dict[str, str]
) -> None:
    made = user_data({field: sent}, "US")

    assert made.keys == {key: sha(plain) for key, plain in keys.items()}
    assert made.warnings == []


def test_composed_and_decomposed_have_one_hash() -> None:
    assert user_data({"first_name": "Zoe\u0308"}, "US").keys["fn"] == sha("zoë")


def test_hash_is_never_hashed_again() -> None:
    given_hash = sha("ann@example.com").upper()

    assert user_data({"email": given_hash}, "US").keys == {
        "em": given_hash.lower(),
        "em_google": given_hash.lower(),
    }


def test_countries_decide_what_is_national() -> None:
    user = {"phone": "020 7946 0958", "state": "Ontario", "zip": "K1A 0B1", "country": "ca"}

    made = user_data(user, "GB")

    assert made.keys["ph"] == sha("442079460958")
    assert made.keys["st"] == sha("ontario")
    assert made.keys["zp"] == sha("k1a0b1")


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("phone", "none"),
        ("phone", "12345"),
        ("phone", "0000000000"),
        ("email", "ann"),
        ("email", "ann@example.com, bob@example.com"),
        ("zip", "ABCDE"),
        ("country", "Narnia"),
        ("date_of_birth", "12/31/1980"),
        ("date_of_birth", "1980-02-31"),
        ("gender", "unknown"),
        ("external_id", ["17"]),
        ("external_id", True),
        ("first_name", "Ann\u0000"),
        ("first_name", "\ud800"),
    ],
)
def test_unusable_value_is_left_out(field: str, sent: object) -> None:
    made = user_data({field: sent, "external_id": "17"} | {field: sent}, "US")

    assert set(made.keys) <= {"external_id"}
    assert [warning.startswith(f"user.{field}: ") for warning in made.warnings] == [True]
    assert made.warnings[0].endswith(", left out")
    assert str(sent) not in made.warnings[0]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("sent", ["", "   ", None])
def test_nothing_is_not_hashed(field: str, sent: object) -> None:
    assert user_data({field: sent}, "US") == ({}, {}, [])


@pytest.mark.parametrize("field", ["first_name", "last_name", "city", "state"])
def test_emptied_value_is_not_hashed(field: str) -> None:
    assert user_data({field: "---"}, "US").keys == {}


def test_places_stay_plain_for_one_platform() -> None:
    made = user_data(
        {"city": "New York", "state": "New York", "country": "US", "zip": "10001"}, "US"
    )

    assert made.places == {"city": "newyork", "state": "ny", "country": "us"}


@given(JSON, st.sampled_from(["US", "DE", "JP", "XX", ""]))
def test_no_json_makes_it_raise(user: Any, country: str) -> None:
    user_data(user, country)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | PLAUSIBLE), st.sampled_from(["US", "GB"]))
def test_keys_are_hashes_only(user: dict[str, Any], country: str) -> None:
    made = user_data(user, country)

    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in made.keys.values())
    assert sha("") not in made.keys.values()


@given(
    st.from_regex(r"(\+1[ .-]?)?\(?[1-9][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}", fullmatch=True),
    st.sampled_from(["US", "CA", "GB", "XX"]),
)
def test_phone_numbers_are_the_librarys(text: str, country: str) -> None:
    try:
        number = phonenumbers.parse(text, country)
        usable = phonenumbers.is_valid_number(number)
    except phonenumbers.NumberParseException:
        usable = False

    key = user_data({"phone": text}, country).keys.get("ph_plus")

    wanted = (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if usable else None
    )
    assert key == (wanted and sha(wanted))


def test_phone_library_is_imported_when_needed() -> None:
    program = (
        "import sys; from chalicelib.relay.values.match_keys import user_data;"
        "user_data({'email': 'ann@example.com'}, 'US'); assert 'phonenumbers' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'vendor'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
