"""A derived secret follows from its key, its seed and its place, and from nothing else."""

from __future__ import annotations

import json

import pytest

from fintegrate.access.derived_secrets import DerivedSecrets
from fintegrate.access.key_ring import KeyMissing, KeyRing, new_key

KEYS = {"k.2": new_key(), "k1": new_key()}


def derived(**keys: str) -> DerivedSecrets:
    return DerivedSecrets(KeyRing("KEYS", json.dumps(keys)))


def test_processes_derive_the_same_secret() -> None:
    seed = derived(**KEYS).new_seed()

    assert seed.startswith("k.2.")
    first, second = (derived(**KEYS).of(seed, "webhooks/1") for _ in range(2))
    assert first == second
    assert len(first) == 32


def test_each_part_makes_another_secret() -> None:
    own = derived(**KEYS)
    seed = own.new_seed()
    others = [own.of(own.new_seed(), "here"), own.of(seed, "there")]
    others.append(derived(**{"k.2": new_key()}).of(seed, "here"))

    assert len({own.of(seed, "here"), *others}) == 4


def test_former_key_still_derives() -> None:
    seed = derived(k1=KEYS["k1"]).new_seed()

    assert derived(**KEYS).of(seed, "here") == derived(k1=KEYS["k1"]).of(seed, "here")


def test_missing_key_is_named() -> None:
    seed = derived(k1=KEYS["k1"]).new_seed()

    with pytest.raises(KeyMissing, match="k1"):
        derived(k2=new_key()).of(seed, "here")
