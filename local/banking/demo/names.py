"""Invented names of banks, persons and companies, and the tags a bank would give them.

Every name is put together by chance from word lists; none is taken from anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_ADJECTIVES = (
    *("amber", "autumn", "brave", "calm", "cedar", "clear", "copper", "crimson", "eastern"),
    *("gentle", "golden", "granite", "green", "harbour", "hidden", "ivory", "jade", "linden"),
    *("marble", "misty", "northern", "olive", "quiet", "river", "silver", "southern", "steady"),
    *("stone", "velvet", "western"),
)

# Given names, family names and the countries where both are at home.
_PERSONS = (
    (
        "Alice Arthur Clara Edward Emma Grace Harry Lucy Oliver Rose Samuel Violet",
        "Ashdown Barlow Carver Dunmore Ellery Farrow Hartley Langley Penrose Whitlock",
        "GB IE",
    ),
    (
        "Anneliese Bruno Elsa Frieda Hannes Jonas Klara Lukas Mathilde Theo",
        "Ackermann Bergfeld Eichhorn Falkenau Holzer Lindner Rautenberg Steinbach Waldner",
        "DE AT CH",
    ),
    (
        "Aina Bruna Carlos Elena Hugo Lucia Marta Pablo Rocio Tomas",
        "Aguilera Barranco Cordova Escudero Montalvo Olivares Robledo Salvatierra Villalba",
        "ES MX AR",
    ),
    (
        "Aarav Anika Devika Ishaan Kavya Meera Nikhil Priya Rohan Tara",
        "Bhandari Chaturvedi Deshpande Iyengar Kulkarni Malhotra Raghavan Srinivasan Thakur",
        "IN SG",
    ),
    (
        "Åse Eirik Freja Ingrid Lars Maja Nils Sigrid Søren Tove",
        "Bjørnstad Dahlgren Ekström Fjeldsted Grønvold Lindqvist Nyström Skovgaard Åkerblom",
        "NO SE DK",
    ),
)
_COMPANY_WORDS = (
    *("Alder", "Beacon", "Brightwater", "Cobalt", "Copperfield", "Falcon", "Fernhill"),
    *("Greenfield", "Ironbridge", "Juniper", "Keystone", "Lakeside", "Maplewood", "Northgate"),
    *("Orchard", "Pinecrest", "Redwood", "Sandpiper", "Summit"),
)
_TRADES = (
    *("Bakeries", "Cold Storage", "Components", "Dental Supplies", "Engineering", "Farm Produce"),
    *("Fisheries", "Freight", "Joinery", "Logistics", "Machine Tools", "Optics", "Packaging"),
    *("Printing", "Renewables", "Software", "Textiles", "Timber"),
)
_FORMS = (("Ltd", "GB"), ("GmbH", "DE"), ("S.L.", "ES"), ("Pvt Ltd", "IN"), ("AB", "SE"))

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
    return f"bank_{random.choice(_ADJECTIVES)}_{random.getrandbits(16):04x}"


def portrait(random: Random) -> Portrait:
    """One person or company, with the tags of its onboarding."""
    company = random.random() < 0.3
    name, country = _company(random) if company else _person(random)
    segments = ("small_business", "corporate") if company else ("retail", "affluent", "private")
    tags = {
        "segment": random.choice(segments),
        "country": country,
        "risk_class": random.choice(_RISKS),
        "onboarding_channel": random.choice(_CHANNELS),
    }
    return Portrait(name, "ACTIVE" if random.random() < 0.85 else "INACTIVE", tags)


def other_risk(random: Random, current: str) -> str:
    """The class a customer is moved to when its risk is looked at again."""
    return random.choice([risk for risk in ("low", "medium", "high") if risk != current])


def _person(random: Random) -> tuple[str, str]:
    given, family, countries = (words.split() for words in random.choice(_PERSONS))
    middle = f" {random.choice('ABCDEFGHJKLMNPRST')}." if random.random() < 0.3 else ""
    return f"{random.choice(given)}{middle} {random.choice(family)}", random.choice(countries)


def _company(random: Random) -> tuple[str, str]:
    form, country = random.choice(_FORMS)
    return f"{random.choice(_COMPANY_WORDS)} {random.choice(_TRADES)} {form}", country
