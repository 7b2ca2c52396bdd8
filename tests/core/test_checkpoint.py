"""Checkpoints have one form, are read strictly, and fit the signed-note format of C2SP."""

from __future__ import annotations

import base64

import pytest

from py_core import merkle
from py_core.checkpoint import Checkpoint, act_leaf, key_id, log_name, note, read_note, registry_leaf, verifier_key
from py_core.errors import Malformed
from py_core.merkle import Head

ROOT = merkle.root_of([act_leaf("11" * 16, "22" * 32, 5)])
CHECKPOINT = Checkpoint("shouwen/0011223344556677", Head(1, ROOT), Head(0, merkle.EMPTY_ROOT), 1_764_284_400_123)
NOTE = note(CHECKPOINT, b"\x07" * 32, b"\x09" * 64)


def test_a_checkpoint_is_text_that_a_person_can_read() -> None:
    assert NOTE.split("\n")[:2] == ["shouwen/0011223344556677", "1"]
    assert NOTE.split("\n")[3] == "time 1764284400123"
    read = read_note(NOTE)
    assert read.checkpoint == CHECKPOINT
    assert read.by(CHECKPOINT.origin, b"\x07" * 32) == b"\x09" * 64
    assert read.by(CHECKPOINT.origin, b"\x08" * 32) is None


def test_key_ids_are_those_of_the_signed_note_format() -> None:
    # The verifier key of the format's own documentation (golang.org/x/mod/sumdb/note).
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    public = base64.b64decode(text.split("+", 2)[2])[1:]
    assert verifier_key("PeterNeumann", public) == text
    assert key_id("PeterNeumann", public).hex() == "c74f20a3"


def test_leaves_bind_case_act_and_time() -> None:
    leaf = act_leaf("11" * 16, "22" * 32, 5)
    others = [act_leaf("12" * 16, "22" * 32, 5), act_leaf("11" * 16, "23" * 32, 5), act_leaf("11" * 16, "22" * 32, 6)]
    assert leaf not in others
    assert registry_leaf("{}") != merkle.leaf_hash(b"{}")
    assert log_name(b"a" * 32) != log_name(b"b" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n\n", "\n", 1),
        NOTE.replace("\n1\n", "\n01\n", 1),
        NOTE.replace("\n1\n", "\n\u0661\n", 1),
        NOTE.replace("\n1\n", "\n99999999999999999999\n", 1),
        NOTE.replace("time ", "Time ", 1),
        NOTE.replace("registry 0 ", "registry 0  ", 1),
        NOTE.replace("=\n", "\n", 1),
        NOTE.replace("\u2014", "-", 1),
        NOTE.replace("shouwen/", "shou wen/"),
        "x" * 20_000,
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read_note(text)


def test_every_changed_sign_is_refused_or_read_as_something_else() -> None:
    for at, sign in enumerate(NOTE):
        edited = NOTE[:at] + ("A" if sign != "A" else "B") + NOTE[at + 1 :]
        try:
            assert read_note(edited) != read_note(NOTE)
        except Malformed:
            continue
