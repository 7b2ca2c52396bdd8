"""Paper: every form that the demonstration city's cases offer prints on one sheet, without what belongs to the screen."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import Officer

CASES_MAX = 30
POINTS = {"a4": (595, 842), "80mm": (227, 842)}
# What a township counter hands out and sends on every day; the city's cases must lead to at least these.
EVERY_DAY = {"F-01", "F-02", "F-04", "F-31", "F-33"}
WITHOUT_CASE = {"F-22", "F-25", "F-29"}


def forms_of(page: Page, city: City) -> dict[str, str]:
    """One printable address per form, from the first cases of the list and from the page of forms."""
    found: dict[str, str] = {}
    page.goto(city.url + "/cases")
    cases = [link.get_attribute("href") or "" for link in page.locator("main a[href^='/cases/']").all()]
    for case in list(dict.fromkeys(path for path in cases if re.fullmatch(r"/cases/[0-9a-f]{32}", path)))[:CASES_MAX]:
        page.goto(city.url + case)
        links = page.locator("section[aria-labelledby=documents-title] a[href*='/slips/']")
        for href in links.evaluate_all("links => links.map(link => link.getAttribute('href'))"):
            found.setdefault(href.rsplit("/", 1)[1], href)
    page.goto(city.url + "/slips")
    for href in page.locator("main a[href^='/slips/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    ):
        found.setdefault(href.split("/")[2], href)
    return found


def printed(page: Page) -> tuple[int, set[tuple[int, int]]]:
    """Number and sizes (points) of the sheets that the printer would get."""
    raw = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", raw)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", raw)), {(round(float(w)), round(float(h))) for w, h in boxes}


def test_every_form_is_one_sheet_without_the_screen_s_parts(city: City, laptop: Callable[..., Laptop]) -> None:
    page = laptop("lin").open()
    page.route("**/assets/page.js", lambda route: route.abort())  # the pages alone, without preparation
    Officer(page, city, "linxiao").sign_in()
    forms = forms_of(page, city)
    assert set(forms) >= EVERY_DAY | WITHOUT_CASE, sorted(forms)
    seen = set()
    for form, href in sorted(forms.items()):
        for lang in ("zh-CN", "en"):
            page.goto(f"{city.url}{href}?done=act&lang={lang}")
            if page.locator(".sw-slip").count() == 0:
                expect(page.locator(".sw-problem li").first).to_be_visible()  # it says what it lacks
                continue
            seen.add(form)
            expect(page.locator("#flash")).to_be_visible()
            papers = ["a4", *(["80mm"] if page.locator("a[href*='paper=']").count() else [])]
            for paper in papers:
                page.goto(f"{city.url}{href}?paper={paper}&done=act&lang={lang}")
                assert printed(page) == (1, {POINTS[paper]}), (form, lang, paper)
    assert seen >= EVERY_DAY | WITHOUT_CASE, sorted(seen)
    page.emulate_media(media="print")
    for part in ("#flash", ".sw-bar", ".sw-footer", ".sw-actions"):
        expect(page.locator(part)).to_be_hidden()

    for paper, width in (("a4", 672), ("80mm", 272)):  # pixels of the type area at 96 an inch
        page.set_viewport_size({"width": width, "height": 1000})
        page.goto(f"{city.url}{forms['F-02']}?paper={paper}")
        slip = page.locator(".sw-slip")
        assert slip.evaluate("slip => slip.scrollWidth <= slip.clientWidth")
        assert slip.evaluate("slip => slip.getBoundingClientRect().right") <= width + 1
