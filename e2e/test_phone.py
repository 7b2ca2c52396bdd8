"""A phone's width: no page runs over the edge of the screen, and what is pressed is as tall as a finger needs. From there
to a desk's screen no table hides columns at its right edge and no word is broken in two.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from e2e.harness import City, Laptop
from e2e.pages import LISTS, open_pages

PHONE = {"width": 390, "height": 844}
WIDER = (768, 1024, 1366)
FINGER_PX_MIN = 44
# Links inside sentences and lists are exempt (WCAG 2.2, 2.5.8); these stand alone.
PRESSED = "main .govuk-button, main .govuk-input, main .govuk-select, .sw-bar__button, .sw-nav__link"
LOW = """([selector, least]) => [...document.querySelectorAll(selector)]
  .filter(part => part.checkVisibility() && part.getBoundingClientRect().height < least - 0.5)
  .map(part => `${part.tagName} ${part.id || part.textContent.trim().slice(0, 30)} ${part.getBoundingClientRect().height}`)"""

# A row of Today or of the approvals whose words run over the frame that they stand in.
OVER = """() => [...document.querySelectorAll('.sw-duty *')]
  .filter(part => part.checkVisibility()
    && part.getBoundingClientRect().right > part.closest('.sw-duty').getBoundingClientRect().right - 8)
  .map(part => `over its frame: ${part.textContent.trim().slice(0, 30)}`)"""

# Tables that have to be pushed aside to be read, and words that stand on two lines.
CUT = """() => {
  const faults = [...document.querySelectorAll('.sw-table-wrap')]
    .filter(wrap => wrap.checkVisibility() && wrap.scrollWidth > wrap.clientWidth + 1)
    .map(wrap => `a table of ${wrap.scrollWidth} px in ${wrap.clientWidth} px`);
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    const node = texts.currentNode, around = node.parentElement;
    if (!around.checkVisibility() || around.closest('.govuk-visually-hidden, thead')) continue;
    for (const word of node.data.matchAll(/[A-Za-z]{4,}/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1) faults.push(`broken: ${word[0]}`);
    }
  }
  return faults;
}"""


@pytest.mark.parametrize("user", [user for user in LISTS if user])
def test_every_page_fits_a_phone_and_a_finger(user: str, city: City, laptop: Callable[..., Laptop]) -> None:
    page: Page = laptop("phone").open()
    pages = open_pages(page, city, user)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    faults: list[str] = []
    for name, path in pages:
        for lang in ("zh-CN", "en"):
            page.goto(f"{city.url}{path}{'&' if '?' in path else '?'}lang={lang}")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                faults.append(f"{name} {lang}: {width} px wide")
            faults += [f"{name} {lang}: {low}" for low in page.evaluate(LOW, [PRESSED, FINGER_PX_MIN])]
            faults += [f"{name} {lang}: {over}" for over in page.evaluate(OVER)]
    assert faults == []


@pytest.mark.parametrize("user", LISTS)
def test_no_page_hides_columns_or_breaks_words(user: str, city: City, laptop: Callable[..., Laptop]) -> None:
    page: Page = laptop("tablet").open()
    faults: list[str] = []
    for name, path in open_pages(page, city, user):
        for lang in ("zh-CN", "en"):
            page.goto(f"{city.url}{path}{'&' if '?' in path else '?'}lang={lang}")
            for width in WIDER:
                page.set_viewport_size({"width": width, "height": 900})
                faults += [f"{name} {lang} at {width}: {fault}" for fault in page.evaluate(CUT)]
    assert faults == []
