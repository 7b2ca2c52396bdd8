"""Formal papers as the printer gets them: full lines, and no seal on a sheet without text, however long the text is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.desk_pictures import HOST, served
from e2e.harness import Laptop
from e2e.pictures import LANGUAGES

from slip_cases import city_with  # isort: skip
from test_city_offers import PAGE, desks, filled  # isort: skip

SENTENCE = "经现场踏勘和查阅档案，该处用地证明与申请表所载面积不一致，须会同有关部门另行核定后方可办理。"
TYPE_AREA = 590  # 156 mm in pixels
A4_TEXT = 672  # 178 mm
# How many characters of an element's text stand on each of its lines.
ON_EACH_LINE = """p => {
  const text = p.firstChild, range = document.createRange(), lines = new Map();
  for (let at = 0; at < text.length; at++) {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const top = Math.round(range.getBoundingClientRect().top);
    lines.set(top, (lines.get(top) ?? 0) + 1);
  }
  return [...lines.values()];
}"""


def written(form: str, sentences: int) -> dict[str, str]:
    """A form whose typed reason or result has so many sentences more."""
    desk, case = city_with(form, lambda text: text + SENTENCE * sentences if text.endswith("。") else text)
    return {lang: desk.get(f"/cases/{case}/slips/{form}", lang).html for lang in LANGUAGES}


@pytest.fixture
def page(laptop: Callable[..., Laptop]) -> Page:
    return laptop("paper").open()


def test_a_line_has_28_characters(page: Page) -> None:
    page.set_viewport_size({"width": TYPE_AREA, "height": 1000})
    page.emulate_media(media="print")
    with served(page, written("F-20", 3)):
        page.goto(f"{HOST}/")
        lines = page.locator(".sw-slip__text", has_text=SENTENCE).evaluate(ON_EACH_LINE)
    # The first is two shorter. One that would begin with a stop gives that up to the line before, or a character to it.
    assert len(lines) > 4
    assert lines[0] in (26, 27)
    assert sum(line == 28 for line in lines[1:-1]) >= len(lines) - 4, lines
    assert all(line in (27, 28, 29) for line in lines[1:-1]), lines


def paragraphs_on_the_last_sheet(pdf: bytes) -> tuple[int, int]:
    """Number of sheets, and of the paragraphs in one language of which something stands on the last one."""
    objects = {int(found[1]): found[2] for found in re.finditer(rb"(\d+) 0 obj\n(.*?)endobj", pdf, re.DOTALL)}
    kids = next(raw for raw in objects.values() if re.search(rb"/Type\s*/Pages\b", raw) and b"/Kids" in raw)
    sheets = [int(sheet) for sheet in re.findall(rb"(\d+) 0 R", kids.split(b"/Kids")[1].split(b"]")[0])]

    def stands_on(number: int) -> set[int]:
        raw = objects[number]
        own = {int(sheet) for sheet in re.findall(rb"/Pg (\d+) 0 R", raw)}
        parts = re.search(rb"/K (?:\[([^]]*)\]|(\d+ 0 R))", raw)
        inner = re.sub(rb"/Pg \d+ 0 R", b"", parts[1] or parts[2]) if parts else b""
        return own.union(*(stands_on(int(part)) for part in re.findall(rb"(\d+) 0 R", inner)))

    paragraphs = [number for number, raw in objects.items() if b"/StructElem" in raw and re.search(rb"/S\s*/P\b", raw)]
    return len(sheets), sum(sheets[-1] in stands_on(number) for number in paragraphs)


@pytest.mark.parametrize("form", ["F-06", "F-20", "F-32", "F-37"])
def test_no_seal_stands_on_a_sheet_with_less_than_two_paragraphs(page: Page, form: str) -> None:
    broken = 0
    for sentences in range(2, 13, 2):
        with served(page, written(form, sentences)):
            for lang in LANGUAGES:
                page.goto(f"{HOST}/?lang={lang}")
                closing = page.locator(".sw-slip__end p:not(:has(.sw-slip__en))").count()
                sheets, found = paragraphs_on_the_last_sheet(page.pdf(prefer_css_page_size=True, tagged=True))
                assert sheets <= 3
                if sheets > 1:
                    broken += 1
                    assert found >= closing + 2, (sentences, lang)
    assert broken > 2, "texts long enough for a second sheet"


def test_the_log_of_publications_is_as_wide_as_its_paper(page: Page) -> None:
    """Published at an address that is longer than its column; the columns beside it keep their words whole."""
    admin, lin = desks()
    told = {"what": "publication", "version": "2", "channel": "website", "published_on": "2025-12-20", "note": ""}
    place = "https://www.example.gov.cn/services/temporary-water-permit/of-the-year-2025"
    assert admin.post(PAGE, **{**filled(admin.get(PAGE).html, {}), **told, "place": place}).status == 303
    page.set_viewport_size({"width": A4_TEXT, "height": 1000})
    page.emulate_media(media="print")
    for lang in LANGUAGES:
        with served(page, {lang: lin.get("/slips/F-28/xingqiao", lang).html}):
            page.goto(f"{HOST}/?lang={lang}")
        expect(page.locator(".sw-slip__columns")).to_contain_text(place)
        assert page.evaluate("document.documentElement.scrollWidth") <= A4_TEXT
        version = page.locator(".sw-slip__columns .sw-unbroken", has_text="第2版")
        assert version.evaluate("span => span.getClientRects().length") == 1
