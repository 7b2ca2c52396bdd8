"""Who trusts one key of the record follows its signed changes, however many were missed, and nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from py_core.errors import Malformed
from py_core.key_chain import KeyLink, OtherRecord, Step, broken_link, continuation, link_sign_bytes, read_links
from server.record_keys import ed25519_verifies

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n + 1]) * 32) for n in range(5)]


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def chain(*keys: Ed25519PrivateKey) -> tuple[KeyLink, ...]:
    links = []
    for n, key in enumerate(keys):
        before = keys[max(0, n - 1)]
        signature = before.sign(link_sign_bytes(n, public(before), public(key), 1_000 * n))
        links.append(KeyLink(public(key), 1_000 * n, signature))
    return tuple(links)


def holds(step: Step) -> bool:
    return ed25519_verifies(step.signer, step.signature, step.message)


@pytest.mark.parametrize("missed", range(5))
def test_several_missed_changes_are_followed_one_by_one(missed: int) -> None:
    links = chain(*KEYS)
    found = continuation(public(KEYS[4 - missed]), links)
    assert [link.public_key for link, _ in found] == [public(key) for key in KEYS[5 - missed :]]
    assert all(holds(step) for _, step in found)
    assert [step.signer for _, step in found] == [public(key) for key in KEYS[4 - missed : 4]], "each by the one before"


def test_a_chain_without_the_trusted_key_is_another_records() -> None:
    with pytest.raises(OtherRecord):
        continuation(public(KEYS[0]), chain(*KEYS[1:]))


def test_a_key_that_the_one_before_did_not_sign_does_not_verify() -> None:
    links = chain(*KEYS[:3])
    forged = chain(KEYS[0], KEYS[4])[1]  # signed by the trusted key, but for another place in the chain
    for spoilt in (
        (links[0], replace(links[1], public_key=public(KEYS[4])), links[2]),
        (links[0], replace(links[1], since_ms=999), links[2]),
        (*links[:2], replace(forged, since_ms=2_000)),
    ):
        assert broken_link(spoilt, ed25519_verifies) is not None
        assert not all(holds(step) for _, step in continuation(public(KEYS[0]), spoilt))


def test_times_that_run_backwards_are_no_chain() -> None:
    links = chain(*KEYS[:3])
    with pytest.raises(OtherRecord):
        continuation(public(KEYS[0]), (links[0], replace(links[1], since_ms=5_000), links[2]))


def test_a_chain_is_read_as_it_is_written_also_of_builds_that_named_no_algorithm() -> None:
    links = chain(*KEYS[:3])
    said = json.loads(json.dumps([link.as_dict() for link in links]))
    assert read_links(said) == links
    assert all(each.pop("alg") == 1 for each in said)
    assert read_links(said) == links
    for alg in (2, True, "1", None):
        with pytest.raises(Malformed):
            read_links([{**said[0], "alg": alg}])
