"""Enrolment records have one form, and what is not in it is not one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from py_core.enrolment import Enrolment, read_enrolment
from py_core.errors import Malformed

GOOD = Enrolment("d1" * 16, "K7Q", "linxiao", "柜台三号", 1, "11" * 32, 1_795_000_000_000, "22" * 64)


def test_a_record_is_read_as_it_was_written() -> None:
    assert read_enrolment(GOOD.text) == GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "1"},
        {"alg": True},
        {"alg": 300},
        {"v": 2},
        {"public_key": "zz"},
        {"asked": "0"},
        {"more": 1},
        {"user": None},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    text = json.dumps(json.loads(GOOD.text) | change, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with pytest.raises(Malformed):
        read_enrolment(text)


def test_the_same_fields_in_another_order_or_spacing_are_refused() -> None:
    fields = json.loads(GOOD.text)
    for text in (json.dumps(fields, ensure_ascii=False, sort_keys=True), GOOD.text + " ", json.dumps(fields)):
        with pytest.raises(Malformed):
            read_enrolment(text)
