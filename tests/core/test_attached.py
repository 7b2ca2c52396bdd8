"""Files that acts name and drawn signatures: what is taken, what hostile values meet, how they are shown."""

from __future__ import annotations

import json
from typing import Any

import law
import pytest
from fakes import Desk, service_form

from py_core.cases.acts import ACT_BYTES_MAX, canonical_json
from py_core.cases.attached import ATTACHMENTS_MAX, FILE_BYTES_MAX, FILE_NAME_MAX, read_attachments, safe_file_name
from py_core.cases.events import read_fields
from py_core.cases.strokes import POINTS_MAX, read_drawn, read_strokes
from py_core.errors import Malformed, Refused
from py_core.views.signature import signature_svg

KEY = "0" * 31 + "1"

PHOTO = {"sha256": "ab" * 32, "bytes": 321_000, "type": "image/jpeg", "name": "现场 1.jpg"}
SIGNED = {"width": 600, "height": 200, "strokes": [[10, 20, 40, 60, 90, 20], [200, 100]]}


def photo(**changes: Any) -> dict[str, Any]:
    return {**PHOTO, **changes}


def test_files_are_read_with_their_place_and_written_as_they_came() -> None:
    files = read_attachments([PHOTO, photo(sha256="cd" * 32, place="31.92000,120.28000")])
    assert files[0].name == "现场 1.jpg"
    assert files[1].place == "31.92000,120.28000"
    assert [file.as_json() for file in files] == [PHOTO, photo(sha256="cd" * 32, place="31.92000,120.28000")]


@pytest.mark.parametrize(
    "value",
    [
        "x", {"sha256": "ab"}, [None], [[]], [{}], [{**PHOTO, "url": "https://example.org"}],
        [photo(sha256="AB" * 32)], [photo(sha256="ab" * 31)], [photo(sha256=1)], [photo(sha256="ab" * 32 + "\n")],
        [photo(bytes=0)], [photo(bytes=-1)], [photo(bytes=FILE_BYTES_MAX + 1)], [photo(bytes=True)],
        [photo(bytes="1")], [photo(type="image/svg+xml")], [photo(type="text/html")], [photo(type=["image/jpeg"])],
        [photo(name="")], [photo(name="x" * (FILE_NAME_MAX + 1))], [photo(name="../x.jpg")], [photo(name="a\\b")],
        [photo(name="gpj.\u202exe")], [photo(name="a\nb")], [photo(name="\ud800")], [photo(name=7)],
        [photo(place="91.00000,1.00000")], [photo(place="1.00000,181.00000")], [photo(place="here")],
        [photo(place=None)], [PHOTO, PHOTO], [photo(sha256=f"{n:064x}") for n in range(ATTACHMENTS_MAX + 1)],
    ],
)  # fmt: skip
def test_hostile_lists_of_files_are_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        read_attachments(value)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a/b\\c.jpg", "a_b_c.jpg"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("", "file"),
        ("x" * 200 + ".jpeg", "x" * 75 + ".jpeg"),
    ],
)
def test_names_are_made_safe_and_keep_their_ending(name: str, kept: str) -> None:
    assert safe_file_name(name) == kept
    assert read_attachments([photo(name=kept)])[0].name == kept


@pytest.mark.parametrize(
    "value",
    [
        [], "x", {}, {**SIGNED, "onload": "x"}, {**SIGNED, "width": 0}, {**SIGNED, "width": 10**9},
        {**SIGNED, "height": 200.0}, {**SIGNED, "strokes": []}, {**SIGNED, "strokes": [[]]},
        {**SIGNED, "strokes": [[1]]}, {**SIGNED, "strokes": [[1, 2, 3]]}, {**SIGNED, "strokes": [[1, -1]]},
        {**SIGNED, "strokes": [[601, 1]]}, {**SIGNED, "strokes": [[1, 201]]}, {**SIGNED, "strokes": [["1", 2]]},
        {**SIGNED, "strokes": [[True, 2]]}, {**SIGNED, "strokes": [[1.5, 2]]}, {**SIGNED, "strokes": {"0": [1, 2]}},
        {**SIGNED, "strokes": [[1, 1] * (POINTS_MAX + 1)]}, {**SIGNED, "strokes": [[1, 1]] * 201},
    ],
)  # fmt: skip
def test_hostile_drawings_are_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        read_strokes(value)


def test_a_long_drawing_becomes_small_keeps_its_ends_and_fits_into_an_act() -> None:
    line = [n for x in range(4000) for n in (x % 3900, (x * 7) % 1900)]
    drawn = read_drawn({"width": 4000, "height": 2000, "strokes": [line, [5, 5]]})
    assert sum(len(part) // 2 for part in drawn.lines) <= POINTS_MAX
    assert drawn.lines[0][:2] == tuple(line[:2])
    assert drawn.lines[0][-2:] == tuple(line[-2:])
    assert drawn.lines[1] == (5, 5)
    assert len(canonical_json(drawn.as_json())) < ACT_BYTES_MAX / 3
    assert read_strokes(drawn.as_json()) == drawn


def test_a_short_drawing_keeps_its_shape() -> None:
    assert read_drawn(SIGNED).as_json() == SIGNED


def test_the_signature_is_svg_of_numbers_only_and_its_label_is_escaped() -> None:
    svg = str(signature_svg(read_strokes(SIGNED), '"><script>'))
    assert "<script>" not in svg
    assert svg.count("<path") == 1
    assert 'd="M10 20Q40 60 65 40L90 20 M200 100L200 100"' in svg
    assert 'viewBox="2 12 206 96"' in svg


def test_events_carry_files_and_drawings_checked() -> None:
    added = read_fields("attachment_added", {"attachments": [PHOTO], "purpose": "photo"})
    assert added["attachments"][0].bytes == 321_000
    with pytest.raises(Malformed):
        read_fields("attachment_added", {"attachments": [], "purpose": "photo"})
    with pytest.raises(Malformed):
        read_fields("signature_recorded", {"signed": True, "strokes": {"width": 1}})
    assert read_fields("signature_recorded", {"signed": True, "strokes": SIGNED})["strokes"] == read_strokes(SIGNED)


def test_a_drawing_with_the_answer_not_signed_is_refused() -> None:
    desk = law.registered("JY", "service", promise=law.PROMISE_10, signed=False)
    with pytest.raises(Refused) as refused:
        desk.do("2026-03-02 11:00", "record_signature", signed=False, unsigned_reason="x", strokes=SIGNED)
    assert "strokes" in refused.value.fields
    with pytest.raises(Refused):
        law.registered("JY", "service", promise=law.PROMISE_10, signed=False, strokes=SIGNED)


def test_registering_on_the_spot_takes_signature_and_photographs_into_one_act() -> None:
    desk = Desk()
    desk.post("/register", **service_form(strokes=json.dumps(SIGNED), attachments=json.dumps([PHOTO])))
    record = desk.store.case(KEY)
    assert record is not None
    [recorded] = record.acts
    assert recorded.act.events[0]["strokes"] == SIGNED
    assert recorded.act.events[1] == {"type": "attachment_added", "attachments": [PHOTO], "purpose": "paper"}
    page = desk.get(f"/cases/{KEY}").html
    assert page.count('<svg class="sw-signature"') == 1
    assert "现场 1.jpg" in page
    assert "321 kB" in page
    assert "sw-signature" in desk.get(f"/cases/{KEY}/slips/F-01").html


def test_what_cannot_be_read_is_said_and_nothing_typed_is_lost() -> None:
    desk = Desk()
    for field, bad in (("strokes", "[" * 90), ("strokes", '{"width":1}'), ("attachments", "{}"), ("attachments", "x")):
        answer = desk.post("/register", **service_form(**{field: bad}))
        assert answer.status == 422
        assert f'href="#{field}"' in answer.html
        assert "赵六" in answer.html
    mixed = desk.post("/register", **service_form(signed="no", unsigned_reason="手伤", strokes=json.dumps(SIGNED)))
    assert mixed.status == 422
    assert 'href="#strokes"' in mixed.html
    assert desk.store.case(KEY) is None


def test_photographs_are_added_to_an_open_case_by_their_own_form() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    assert f"/cases/{KEY}/do/attach" in desk.get(f"/cases/{KEY}").html
    form = desk.get(f"/cases/{KEY}/do/attach").html
    assert 'data-files="attachments"' in form
    assert 'type="file"' in form
    empty = desk.post(f"/cases/{KEY}/do/attach", key="1", purpose="photo", attachments="")
    assert empty.status == 422
    assert 'href="#attachments"' in empty.html
    files = json.dumps([photo(place="31.92000,120.28000")])
    taken = desk.post(f"/cases/{KEY}/do/attach", key="1", purpose="photo", attachments=files)
    assert taken.status == 303
    assert "31.92000,120.28000" in desk.get(f"/cases/{KEY}").html
    again = desk.post(f"/cases/{KEY}/do/attach", key="1", purpose="photo", attachments=files)
    assert again.location == f"/cases/{KEY}?done=again"
