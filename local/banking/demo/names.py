"""Invented names of banks, persons and companies, and the tags a bank would give them.

Faker invents the names; which ones follows from the random numbers that are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from faker import Faker

_LOCALES = ("en_GB", "de_DE", "es_ES", "en_IN", "sv_SE")
_RISKS = ("low", "low", "low", "medium", "medium", "high")
_CHANNELS = ("branch", "mobile_app", "web", "partner", "telephone")


@dataclass(frozen=True, slots=True)
class Portrait:
    """A customer as the bank knows it before Fintegrate does."""

    name: str
    status: str
    tags: dict[str, str]


def bank_name(random: Random) -> str:
    """Such as `bank_amber_3fa9`; unlikely to have been taken."""
    word = _faker("en_GB", random).safe_color_name()
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
    faker = _faker(locale, random)
    return faker.company() if company else f"{faker.first_name()} {faker.last_name()}"


def _faker(locale: str, random: Random) -> Faker:
    """One of this call's own: its state must not depend on what other threads draw."""
    faker = Faker(locale)
    faker.seed_instance(random.getrandbits(64))
    return faker
