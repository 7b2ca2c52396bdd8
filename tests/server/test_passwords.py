"""Which passwords can be used: any signs and any length to 256, all of them counting; none that everybody tries first."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from server import passwords
from server.parts import Parts
from server.tables import accounts


@pytest.mark.parametrize(
    "password",
    ["澄江的秋天很长很长水很清", "only small letters", "123 456 789 now", "🌊🌊🌿🌿☀☁☂☃★☆☎☏", "x" + "yz w q" * 42],
)
def test_any_signs_will_do(password: str) -> None:
    assert passwords.fault(password, "lin") == ""


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("eleven sign", "short"), ("x y z" * 52, "long"), ("abababababab", "plain"), ("password1234", "common"),
        ("Linxiao 2026", "name"),
    ],
)  # fmt: skip
def test_what_is_too_easy_says_why(password: str, why: str) -> None:
    assert passwords.fault(password, "linxiao") == why


def test_every_sign_of_a_long_one_counts(parts: Parts) -> None:
    long = "澄江 " * 70
    parts.accounts.set_password("lin", long + "a")
    assert parts.accounts.check("lin", long + "a", "here").user == "lin"
    assert parts.accounts.check("lin", long + "b", "here").user is None
    assert parts.accounts.check("lin", long, "here").user is None


def test_a_new_record_has_no_account_to_sign_in_with(parts: Parts) -> None:
    with parts.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(accounts)) == 0
