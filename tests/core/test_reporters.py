"""Who reported somebody stands beside the case: what a registration is divided into, and what may stand where."""

from __future__ import annotations

from typing import Any

import pytest

from py_core.documents import is_case_id
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.reporters import (
    CORRECTABLE,
    CORRECTED,
    PARTICULARS,
    TOLD,
    apart,
    check_reporter_event,
    complaint_apart,
    complaints_beside,
    gives_away,
    is_reporter_id,
    particulars,
    reporter_id,
)
from py_core.restricted import restriction

CASE = "0123456789abcdef" * 2
PACKS = load_packs()
DRAWN = {"width": 300, "height": 100, "strokes": [[1, 1, 9, 9]]}
TOLD_OF = {
    "claimant_name": "举报人甲", "claimant_phone": "13812345678", "claimant_id": "360426199101010071",
    "claimant_address": "举报巷7号", "claimant_ref": "r1", "strokes": DRAWN,
}  # fmt: skip


def report(**fields: Any) -> dict[str, Any]:
    told = {"type": "registered", "pack": "HL", "matter": "citizen", "request_kind": "report", "unit": "xingqiao"}
    return {**told, "channel": "hotline", "title": "反映夜间施工", **TOLD_OF, **fields}


def test_of_a_report_the_case_keeps_everything_but_who_made_it() -> None:
    delivered = {"type": "delivered", "to": "xingqiao"}
    kept, beside = apart(CASE, (report(against="zhou"), delivered), PACKS)
    assert beside == {"type": TOLD, "case": CASE, "pack": "HL", "unit": "xingqiao", "against": "zhou", **TOLD_OF}
    assert kept[0] == {name: value for name, value in report(against="zhou").items() if name not in PARTICULARS}
    assert kept[1] is delivered
    check_reporter_event(beside, reporter_id(CASE))
    said = particulars([beside])
    assert said["claimant_phone"] == "13812345678"
    assert said["strokes"].lines == ((1, 1, 9, 9),)
    assert particulars([]) == {}


@pytest.mark.parametrize(
    "begun",
    [report(request_kind="complaint"), report(pack="BZ", matter="complaint"), {"type": "registered", "pack": "NONE"}],
)
def test_an_ordinary_case_stays_whole(begun: dict[str, Any]) -> None:
    assert apart(CASE, (begun,), PACKS) == ((begun,), None)
    assert not gives_away(begun, (begun,), PACKS)


def test_a_report_of_somebody_who_said_nothing_has_no_document_beside_it() -> None:
    begun = {name: value for name, value in report().items() if name not in PARTICULARS}
    assert apart(CASE, (begun,), PACKS) == ((begun,), None)


COMPLAINT = {
    "type": "complaint_filed",
    "about": "态度敷衍",
    "complainer_name": "投诉人乙",
    "complainer_phone": "13812345678",
}
APPEAL = {"type": "registered", "pack": "HL", "matter": "citizen", "request_kind": "help", "claimant_name": "甲"}


def test_who_complains_in_the_course_of_a_hotline_case_stands_beside_it() -> None:
    kept, document, beside = complaint_apart(CASE, APPEAL, (COMPLAINT,), "xingqiao", "0" * 32, PACKS)
    assert kept == ({"type": "complaint_filed", "about": "态度敷衍", "beside": document},)
    assert (is_reporter_id(document), document != reporter_id(CASE)) == (True, True)
    assert beside is not None
    check_reporter_event(beside, document)
    assert dict(particulars([beside])) == {"claimant_name": "投诉人乙", "claimant_phone": "13812345678"}
    assert complaints_beside([*kept, {"type": "complaint_filed", "beside": CASE}]) == [document]
    assert gives_away(APPEAL, (COMPLAINT,), PACKS)
    assert not gives_away(APPEAL, kept, PACKS)
    assert complaint_apart(CASE, APPEAL, ({"type": "complaint_filed", "about": "x"},), "u", "0" * 32, PACKS)[2] is None


@pytest.mark.parametrize("pack", ["BZ", "JY", "WH"])
def test_no_other_regulation_keeps_a_complainer_secret(pack: str) -> None:
    """WH-CN-6, BZ-CN-6 and JY-3.1.5 say where to complain and until when to answer, nothing of secrecy."""
    begun = {**APPEAL, "pack": pack}
    assert complaint_apart(CASE, begun, (COMPLAINT,), "u", "0" * 32, PACKS) == ((COMPLAINT,), "", None)
    assert not gives_away(begun, (COMPLAINT,), PACKS)


def test_a_correction_says_all_that_is_known_now() -> None:
    _, beside = apart(CASE, (report(),), PACKS)
    assert beside is not None
    corrected = {"type": CORRECTED, "claimant_name": "举报人乙", "claimant_phone": "13800000000", "reason": "听错"}
    check_reporter_event(corrected, reporter_id(CASE))
    said = particulars([beside, corrected])
    assert {name: said[name] for name in said if name in CORRECTABLE} == {
        "claimant_name": "举报人乙", "claimant_phone": "13800000000",
    }  # fmt: skip
    assert said["strokes"].lines == ((1, 1, 9, 9),), "what nobody can correct stays"
    with pytest.raises(Malformed):
        check_reporter_event({"type": CORRECTED, "claimant_name": "乙"}, reporter_id(CASE))


@pytest.mark.parametrize("field", [*PARTICULARS, "visit"])
def test_each_of_them_gives_a_reporter_away(field: str) -> None:
    begun = {name: value for name, value in report().items() if name not in PARTICULARS}
    assert not gives_away(begun, (begun, {"type": "signature_recorded", "signed": True}), PACKS)
    assert gives_away(begun, ({"type": "any", field: TOLD_OF.get(field, "a visit")},), PACKS)


def test_the_document_is_known_by_its_id_and_takes_nothing_else() -> None:
    assert is_reporter_id(reporter_id(CASE))
    assert not is_case_id(reporter_id(CASE))
    assert not is_reporter_id(CASE)
    for wrong in (
        {"type": "noted", "text": "x"},
        {"type": TOLD, "case": CASE[::-1], "pack": "HL", "unit": "u"},
        {"type": TOLD, "case": CASE, "pack": "HL"},
        {"type": TOLD, "case": "somewhere", "pack": "HL", "unit": "u", "complaint": True},
        {"type": TOLD, "case": CASE, "pack": "HL", "unit": "u", "strokes": [1]},
    ):
        with pytest.raises(Malformed):
            check_reporter_event(wrong, reporter_id(CASE))


def test_only_the_desks_that_must_know_and_who_took_it_down_may_know_of_it() -> None:
    _, beside = apart(CASE, (report(against="ji"),), PACKS)
    assert beside is not None
    found = restriction([beside], "lin", PACKS)
    assert found is not None
    asked = [("lin", ["officer"]), ("fang", ["dispatch_desk"]), ("du", ["supervision_office"]), ("zhao", ["officer"])]
    assert [found.allows(*each) for each in [*asked, ("wu", ["unit_head", "leader"]), ("ji", ["discipline_desk"])]] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
