"""Invented names of banks, persons and companies, and the tags a bank would give them.

Faker invents the names; which ones follows from the random numbers that are handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random

from faker import Faker

_LOCALES = ("en_GB", "de_DE", "es_ES", "en_IN", "sv_SE")
_RISKS = ("low", "low", "low", "medium", "medium", "high")
_lock = threading.Lock()
_CHANNELS = ("branch", "mobile_app", "web", "partner", "telephone")


@dataclass(frozen=True, slots=True)
class Portrait:
    """A customer as the bank knows it before Fintegrate does."""

    name: str
    status: str
    tags: dict[str, str]


def bank_name(random: Random) -> str:
    """Such as `bank_amber_3fa9`; unlikely to have been taken."""
    with _drawing("en_GB", random) as faker:
        word = faker.safe_color_name()
    return f"bank_{word}_{random.getrandbits(16):04x}"


def portrait(random: Random) -> Portrait:
    """One person or company, with the tags of its onboarding."""
    locale, company = random.choice(_LOCALES), random.random() < 0.3
    segments = ("small_business", "corporate") if company else ("retail", "affluent", "private")
    tags = {
        "segment": random.choice(segments),
        "country": locale[-2:],
        "risk_class": random.choice(_RISKS),
        "onboarding_channel": random.choice(_CHANNELS),
    }
    status = "ACTIVE" if random.random() < 0.85 else "INACTIVE"
    return Portrait(_name(locale, company, random), status, tags)


def other_risk(random: Random, current: str) -> str:
    """The class a customer is moved to when its risk is assessed again."""
    return random.choice([risk for risk in ("low", "medium", "high") if risk != current])


def _name(locale: str, company: bool, random: Random) -> str:
    with _drawing(locale, random) as faker:
        return faker.company() if company else f"{faker.first_name()} {faker.last_name()}"


@contextmanager
def _drawing(locale: str, random: Random) -> Iterator[Faker]:
    """A locale's Faker for one thread at a time, in a state that only `random` decides.

    Faker imports a locale's modules when it is made, and two threads that do so at once fail.
    """
    seed = random.getrandbits(64)
    with _lock:
        faker = _faker(locale)
        faker.seed_instance(seed)
        yield faker


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)
