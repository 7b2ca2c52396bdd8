"""Who may know of work that the record did not take, whatever its fields are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from py_core.cases.acts import Act
from py_core.held_back import Secrecy, said_by, secrecy_of
from py_core.packs import load_packs
from py_core.reporters import reporter_id

CASE = "0" * 31 + "1"
AT = datetime(2026, 11, 20, tzinfo=UTC)


def act(*events: dict[str, Any], user: str = "lin") -> Act:
    return Act("x", events, user, "d", 1, AT, AT, None, None, "HL-1", "0.1.0")


def secrecy(held: Act | None, *begun: Act, document: str = CASE) -> Secrecy:
    packs = load_packs()
    return secrecy_of(document, said_by(held, packs), [said_by(each, packs) for each in begun], packs)


def registered(**fields: Any) -> dict[str, Any]:
    return {"type": "registered", "pack": "HL", "matter": "citizen", **fields}


def test_its_own_words_or_its_documents_beginning_restrict_it() -> None:
    about, noted = act(registered(against="qian")), act({"type": "noted", "text": "x"}, user="wu")
    for found in (secrecy(about), secrecy(noted, about)):
        assert found.names("qian")
        assert not found.allows("fang", ["dispatch_desk"])
        assert found.allows("du", ["supervision_office"])
        assert found.allows("lin", []), "who took it down"
    assert not secrecy(about).allows("qian", ["supervision_office"])
    assert secrecy(noted, act(registered())) == Secrecy()


def test_a_beginning_in_whatever_place_restricts_it() -> None:
    assert secrecy(act({"type": "noted", "text": "x"}, registered(against="qian"))).names("qian")


@pytest.mark.parametrize("document", [CASE, reporter_id(CASE)])
def test_who_reported_is_said_by_the_act_or_by_its_document(document: str) -> None:
    told = act(registered(request_kind="report", claimant_name="x"))
    assert secrecy(told, document=document).says_who
    plain = secrecy(act(registered(request_kind="help", claimant_name="x")), document=document)
    assert plain.says_who == (document != CASE)


def test_of_an_act_that_belongs_to_nothing_known_the_worse_is_believed() -> None:
    complaint = act({"type": "complaint_filed", "about": "x", "complainer_name": "y"})
    assert secrecy(complaint).says_who
    assert secrecy(complaint, act(registered())).says_who, "HL hides who complains"
    assert not secrecy(act({"type": "noted", "text": "x"})).says_who


@pytest.mark.parametrize("value", [None, True, 7, [], ["qian"], {"a": "b"}])
@pytest.mark.parametrize("field", ["pack", "matter", "request_kind", "against", "claimant_name", "case"])
def test_a_field_may_be_anything(field: str, value: Any) -> None:
    for kind in ("registered", "reporter_told", "complaint_filed"):
        held = act({**registered(against="qian", request_kind="report"), "case": CASE, "type": kind, field: value})
        assert secrecy(held).names("qian") == (kind != "complaint_filed" and field != "against")


def test_bytes_that_are_no_act_say_nothing() -> None:
    assert secrecy(None) == Secrecy()
    assert secrecy(None, act(registered(against="qian"))).names("qian")
