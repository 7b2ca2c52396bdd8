"""Which passwords can be used: any signs and any length to 256, all of them counting; none that everybody tries first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browsing import Browser
from laptop import PASSWORD
from sqlalchemy import func, select

from server import passwords
from server.parts import Parts
from server.tables import accounts

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "passphrases.json").read_text(encoding="utf-8"))
LONG = " ".join(f"{n * 7919:x}" for n in range(1, 44))


@pytest.mark.parametrize(
    "password",
    ["澄江的秋天很长很长水很清", "only small letters", "482 951 703 west", "🌊🌊🌿🌿☀☁☂☃★☆☎☏", LONG],
)
def test_any_signs_will_do(password: str) -> None:
    assert passwords.fault(password, ["lin"]) == ""


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("eleven sign", "short"), ("x y z" * 52, "long"), ("abababababab", "plain"), ("password1234", "common"),
        ("Linxiao 2026", "name"),
    ],
)  # fmt: skip
def test_what_is_too_easy_says_why(password: str, why: str) -> None:
    assert passwords.fault(password, ["linxiao"]) == why


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: str(each["text"]))
def test_one_rule_judges_passwords_and_passphrases(vector: dict[str, Any]) -> None:
    """The device judges the same (`tests/web/page.test.ts`)."""
    assert passwords.fault(vector["text"], vector["own"]) == vector["fault"]
    assert (vector["strength"] >= 2) == (vector["fault"] == "")


def test_what_belongs_to_a_person_is_told_with_and_without_common_endings(parts: Parts) -> None:
    directory = parts.city.current().directory
    found = passwords.words_of(directory, directory.people["lin"])
    assert {"lin", "林晓", "shihe", "石河镇", "石河"} <= set(found)


def test_a_password_around_the_own_name_or_unit_is_refused(browser: Browser) -> None:
    browser.sign_in("lin")
    for new, why in (
        ("石河镇石河镇林晓林晓", "your name, account or unit"),
        ("1990-03-05 1992-07-08", "Dates, years and telephone numbers"),
        ("zhang wei 1990", "among the passwords that everybody tries first"),
        ("tuzemi 1990b", "Too easy to guess"),
    ):
        fields = {"do": "password", "password": PASSWORD, "new_password": new, "new_password_again": new}
        refused = browser.send_form("/account", browser.get("/account?lang=en"), **fields)
        assert (refused.status_code, why in refused.text) == (422, True), new


def test_the_worker_is_told_what_belongs_to_its_person(browser: Browser) -> None:
    browser.sign_in("lin")
    assert {"lin", "林晓", "石河"} <= set(browser.get("/me").json()["own_words"])


def test_every_sign_of_a_long_one_counts(parts: Parts) -> None:
    long = "澄江 " * 70
    parts.accounts.set_password("lin", long + "a")
    assert parts.accounts.check("lin", long + "a", "here").user == "lin"
    assert parts.accounts.check("lin", long + "b", "here").user is None
    assert parts.accounts.check("lin", long, "here").user is None


def test_a_new_record_has_no_account_to_sign_in_with(parts: Parts) -> None:
    with parts.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(accounts)) == 0
