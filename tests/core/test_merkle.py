"""The Merkle tree against the vectors that the certificate-transparency implementations share, and exhaustively."""

from __future__ import annotations

from random import Random

import pytest

from py_core import merkle

# certificate-transparency-go, merkletree tests: the leaves, and the roots of the first n of them.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (index, size, path); the same source.
INCLUSION = [
    (0, 1, []),
    (0, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (5, 8, [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (6, 8, [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (2, 5, [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip

HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
MANY = [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(70)]


def test_roots_are_those_of_the_shared_vectors() -> None:
    assert [merkle.root_of(HASHES[:size]).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_shared_vectors(index: int, size: int, path: list[str]) -> None:
    made = merkle.inclusion_path(index, size, merkle.subtrees_of(HASHES))
    assert [step.hex() for step in made] == path
    assert merkle.included(HASHES[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("older", "newer", "path"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_shared_vectors(older: int, newer: int, path: list[str]) -> None:
    made = merkle.consistency_path(older, newer, merkle.subtrees_of(HASHES))
    assert [step.hex() for step in made] == path
    assert merkle.consistent(older, bytes.fromhex(ROOTS[older]), newer, bytes.fromhex(ROOTS[newer]), made)


def recursive_root(leaves: list[bytes]) -> bytes:
    """The tree as the RFC defines it (2.1.1), word by word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(recursive_root(leaves[:k]), recursive_root(leaves[k:]))


def test_every_proof_of_every_small_tree_holds_and_no_other() -> None:
    roots = [recursive_root(MANY[:size]) for size in range(len(MANY) + 1)]
    assert [merkle.root_of(MANY[:size]) for size in range(len(MANY) + 1)] == roots
    whole = merkle.subtrees_of(MANY)
    for size in (*range(1, 34), 63, 64, 65, 70):
        for index in range(size):
            path = merkle.inclusion_path(index, size, whole)
            assert merkle.included(MANY[index], index, size, path, roots[size])
            assert not merkle.included(MANY[index], index, size, path, roots[size - 1])
            assert not merkle.included(MANY[index - 1], index, size, path, roots[size]) or size == 1
            assert not merkle.included(MANY[index], index + 1, size, path, roots[size])
            assert not merkle.included(MANY[index], index, size, [*path, roots[0]], roots[size])
            if path:
                assert not merkle.included(MANY[index], index, size, path[:-1], roots[size])
        for older in range(size + 1):
            path = merkle.consistency_path(older, size, whole)
            assert merkle.consistent(older, roots[older], size, roots[size], path)
            assert not merkle.consistent(older, roots[older], size, roots[size], [*path, roots[0]])
            if older:
                assert not merkle.consistent(older, roots[older - 1], size, roots[size], path)
            if 0 < older < size:
                assert not merkle.consistent(older, roots[older], size, roots[size - 1], path)
                assert not merkle.consistent(older, roots[older], size, roots[size], path[:-1])
                assert not merkle.consistent(older, roots[older], size, roots[size], [])


def test_one_proof_shows_several_leaves_and_no_others() -> None:
    whole, chance = merkle.subtrees_of(MANY), Random(20261128)
    for size in (*range(1, 20), 63, 64, 65, 70):
        root = merkle.root_of(MANY[:size])
        for _ in range(20):
            wanted = chance.sample(range(size), chance.randint(1, size))
            leaves = {index: MANY[index] for index in wanted}
            path = merkle.common_path(wanted, size, whole)
            assert merkle.included_together(leaves, size, path, root)
            one = chance.choice(wanted)
            assert not merkle.included_together({**leaves, one: MANY[one - 1]}, size, path, root) or size == 1
            assert not merkle.included_together(leaves, size, [*path, root], root)
            assert not merkle.included_together(leaves, size, path, merkle.root_of(MANY[: size - 1]))
            if path:
                assert not merkle.included_together(leaves, size, path[:-1], root)
            if len(wanted) < size:
                more = next(index for index in range(size) if index not in leaves)
                assert not merkle.included_together({**leaves, more: MANY[more]}, size, path, root) or path == []
    for index in range(70):
        assert sorted(merkle.common_path([index], 70, whole)) == sorted(merkle.inclusion_path(index, 70, whole))
    assert len(merkle.common_path(range(40, 60), 70, whole)) < 8, "neighbours share theirs"


def test_proofs_from_outside_are_bounded() -> None:
    root = merkle.root_of(MANY)
    assert not merkle.included_together({}, 70, [root], root)
    assert not merkle.included_together({-1: MANY[0]}, 70, [], root)
    assert not merkle.included_together({70: MANY[0]}, 70, [], root)
    assert not merkle.included_together({0: MANY[0]}, 2**60, [root] * 60, root)
    assert not merkle.included_together({0: MANY[0]}, 70, [root] * (merkle.PATH_MAX + 1), root)
    assert not merkle.included_together({0: MANY[0]}, 2, [b"short"], root)
    assert not merkle.included(MANY[0], 0, 70, [b"short"], root)
    assert not merkle.included(MANY[0], 0, 70, [root] * (merkle.PATH_MAX + 1), root)
    assert not merkle.included(MANY[0], -1, 70, [], root)
    assert not merkle.included(MANY[0], 0, 2**60, [root] * 60, root)
    assert not merkle.consistent(70, root, 60, root, [])
    assert not merkle.consistent(0, root, 60, root, []), "a head without leaves has one root only"
    with pytest.raises(ValueError, match="no leaf 70"):
        merkle.inclusion_path(70, 70, merkle.subtrees_of(MANY))
    with pytest.raises(ValueError, match="has not these leaves"):
        merkle.common_path([3, 70], 70, merkle.subtrees_of(MANY))
    with pytest.raises(ValueError, match="does not begin"):
        merkle.consistency_path(71, 70, merkle.subtrees_of(MANY))
