"""Letters on discipline and complaints about a member of staff: what the record sends to whom, and whom its pages tell."""

from __future__ import annotations

from typing import Any

import pytest
from laptop import Laptop, case_id, city_document, registered
from pictures import PHOTO, SHA, naming, send

from py_core import wire
from server import record
from server.desk_answers import answer_desk, desk_request
from server.parts import Parts
from server.rebuilding import rebuild
from server.verification import verify

CASE, OPEN = case_id(1), case_id(2)
WORDS = "反映赵磊收受礼品"


def city(parts: Parts) -> None:
    """Beside officers of two units: a head and a leader of the town, the discipline desk, a dispatch desk."""
    document = city_document()
    person = {"title": "", "phone": "0002"}
    more = [
        {"id": "tou", "name": "头儿", "unit": "shihe", "roles": ["unit_head"], **person},
        {"id": "fen", "name": "分管", "unit": "centre", "roles": ["leader"], **person},
        {"id": "ji", "name": "纪检", "unit": "centre", "roles": ["discipline_desk"], **person},
        {"id": "du", "name": "督查", "unit": "centre", "roles": ["supervision_office"], **person},
        {"id": "fang", "name": "方云", "unit": "centre", "roles": ["dispatch_desk"], **person},
    ]
    parts.city.publish({**document, "people": [*document["people"], *more]})


def letter(**fields: Any) -> dict[str, Any]:
    told = {"pack": "WH", "matter": "letter.discipline", "channel": "letter", "title": WORDS}
    return registered(**{**told, **fields})


def about_zhao(**fields: Any) -> dict[str, Any]:
    return registered(title=WORDS, claimant_name="王举报", request_kind="complaint", against="zhao", **fields)


def page(parts: Parts, user: str, path: str, form: dict[str, list[str]] | None = None) -> Any:
    return answer_desk(parts, desk_request("POST" if form else "GET", path, {}, form or {}, "zh-CN", ""), user)


def answer(laptop: Laptop, *pushed: wire.Pushed) -> list[wire.Frame]:
    frames = laptop.parts.exchange.answer(laptop.user, laptop.frames(pushed, can="revoke lineage"))
    laptop.take(frames)
    return frames


def has_content(parts: Parts, user: str) -> bool:
    return parts.attachments.readable(user, SHA, parts.city.current().directory) is not None


def bytes_of(frames: list[wire.Frame]) -> bytes:
    return wire.encode_frames(frames)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    city(parts)
    return Laptop(parts, "lin")


@pytest.mark.parametrize("begin", [letter, about_zhao])
def test_no_device_is_sent_any_of_it_and_the_authors_lets_it_go(parts: Parts, lin: Laptop, begin: Any) -> None:
    others = {user: Laptop(parts, user) for user in ("zhao", "tou", "fen", "ji", "du", "fang", "qian", "wu")}
    steps = [lin.act(CASE, begin()), lin.act(CASE, {"type": "accepted", "by": "shihe"}), lin.act(CASE, naming())]
    frames = answer(lin, *steps, lin.act(OPEN, registered(title="路灯")))
    said = [wire.read_message(each) for each in frames if isinstance(each, wire.Json)]
    assert [each.verdict for each in said if isinstance(each, wire.Verdict)] == ["accepted"] * 4
    assert CASE in [each.case for each in said if isinstance(each, wire.Revoke)]
    send(parts)
    for laptop in others.values():
        for can in ("revoke lineage", wire.PACKED + " revoke lineage", ""):
            laptop.cursor, laptop.scope = 0, ""
            sent = parts.exchange.answer(laptop.user, laptop.frames(can=can, want=(CASE,)))
            assert WORDS.encode() not in bytes_of(sent)
            assert CASE not in {each.case_id for each in sent if isinstance(each, wire.Pulled)}
        knows = page(parts, laptop.user, f"/cases/{CASE}").status == 200
        assert knows == (laptop.user in ("ji", "du") or (begin is letter and laptop.user == "fen"))
        assert has_content(parts, laptop.user) == knows
    assert OPEN in {each.case_id for each in others["tou"].sync()[1]}
    assert PHOTO
    assert [fault.code for fault in verify(parts.database, parts.engine).faults] == []
    assert rebuild(parts.database).lines_added == 0


def test_pages_tell_it_to_who_may_know_and_never_to_the_person_named(parts: Parts, lin: Laptop) -> None:
    answer(lin, lin.act(CASE, letter(against="fen")), lin.act(OPEN, about_zhao()))
    may = {"lin": {CASE, OPEN}, "ji": {CASE, OPEN}, "du": {CASE, OPEN}}
    for user in ("lin", "zhao", "tou", "fen", "ji", "du", "fang", "qian", "wu"):
        for case in (CASE, OPEN):
            shown = page(parts, user, f"/cases/{case}")
            assert (shown.status == 200) == (case in may.get(user, set())), (user, case)
        for path in ("/cases", "/today", "/approvals", "/centre/cases", "/centre/reconciliation"):
            listed = page(parts, user, path)
            if user not in may:
                assert WORDS not in listed.html, (user, path)
    assert WORDS in page(parts, "ji", "/centre/cases").html
    answer(lin, lin.act(case_id(3), letter()))
    assert page(parts, "fen", f"/cases/{case_id(3)}").status == 200  # a leader decides on its extension


def test_who_may_not_know_of_it_can_do_nothing_in_it(parts: Parts, lin: Laptop) -> None:
    answer(lin, lin.act(CASE, about_zhao()))
    held = lin.held[CASE][0]
    for user, verdict in {
        "zhao": "foreign_scope",
        "tou": "foreign_scope",
        "fang": "foreign_scope",
        "ji": "accepted",
    }.items():
        laptop = Laptop(parts, user)
        laptop.held[CASE] = [held]
        assert laptop.verdict(laptop.act(CASE, {"type": "noted", "text": "x"})) == verdict, user
    form = {"text": ["核实中"], "key": ["0"]}
    assert page(parts, "ji", f"/cases/{CASE}/do/note", form).status == 303
    assert page(parts, "fang", f"/cases/{CASE}/do/note", form).status == 404
    with parts.database.reading() as connection:
        assert record.units_of_case(connection, CASE) == frozenset()


def test_the_person_named_may_be_the_discipline_desk_itself(parts: Parts, lin: Laptop) -> None:
    answer(lin, lin.act(CASE, {**about_zhao(), "against": "ji"}))
    assert page(parts, "ji", f"/cases/{CASE}").status == 404
    assert page(parts, "du", f"/cases/{CASE}").status == 200


@pytest.mark.parametrize("begin", [letter, about_zhao])
def test_the_person_named_reads_no_photograph_of_it_whatever_the_role(parts: Parts, lin: Laptop, begin: Any) -> None:
    answer(lin, lin.act(CASE, {**begin(), "against": "ji"}), lin.act(CASE, naming()))
    send(parts)
    assert [user for user in ("lin", "ji", "du", "fang", "qian") if has_content(parts, user)] == ["lin", "du"]
    answer(lin, lin.act(OPEN, registered()), lin.act(OPEN, naming()))
    assert has_content(parts, "ji"), "the same picture stands in a case that everybody of the centre reads"
