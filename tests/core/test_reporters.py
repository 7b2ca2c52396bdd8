"""Who reported somebody stands beside the case: what a registration is divided into, and what may stand where."""

from __future__ import annotations

from typing import Any

import pytest

from py_core.documents import is_case_id
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.reporters import (
    PARTICULARS,
    TOLD,
    apart,
    check_reporter_event,
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
