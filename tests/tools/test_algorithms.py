"""What is signed, sealed or hashed for keeping says by which algorithm, so that another can stand beside it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from py_core import carry, wire
from py_core.errors import Malformed
from server.carry_keys import seal_outbox
from server.keys import read_public_key, verifies
from server.tables import metadata

ROOT = Path(__file__).parent.parent.parent


def test_every_stored_signature_says_its_algorithm() -> None:
    signed = {
        table.name: set(table.columns.keys())
        for table in metadata.tables.values()
        if {"signature", "public_key"} & set(table.columns.keys())
    }
    assert {"changes", "quarantine", "actors", "devices", "record_keys"} <= signed.keys()
    assert {name for name, columns in signed.items() if "alg" not in columns} == set()


@pytest.mark.parametrize("message", [wire.Pushed, wire.ActorAnnouncement])
def test_every_signature_on_the_wire_says_its_algorithm(message: type) -> None:
    assert "alg" in {field.name for field in dataclasses.fields(message)}


def test_an_algorithm_that_is_not_known_is_refused_not_guessed() -> None:
    for alg in (0, 3, 255):
        assert not verifies(alg, bytes(32), bytes(64), b"x")
        with pytest.raises(Malformed):
            read_public_key(alg, bytes(32))


def test_a_password_hash_says_how_it_was_made() -> None:
    assert PasswordHasher().hash("x").startswith("$argon2id$")


def test_a_carried_outbox_says_how_it_is_sealed() -> None:
    for alg, public in ((carry.ALG_X25519, bytes([9]) + bytes(31)),):
        assert carry.read_outbox(seal_outbox(alg, public, b"x")).alg == alg


def test_what_a_device_seals_under_its_keys_says_how() -> None:
    vault = (ROOT / "web" / "src" / "worker" / "vault.ts").read_text(encoding="utf-8")
    assert re.search(r"interface WrappedKey .*alg\?: number", vault)
    assert re.search(r"interface StoredPasskey .*alg: number", vault)
