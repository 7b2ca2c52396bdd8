"""A phone's width: no page runs over the edge of the screen, and what is pressed is as tall as a finger needs. From there
to a desk's screen no table hides columns at its right edge. At no width is a word, a number or a name in an English line
broken in two, does a Chinese date stand on two lines or a single character alone on the last one; and a seal covers nothing.
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

# Links that stand below each other, and the way back, have 24 px (WCAG 2.2, 2.5.8).
LINKS = ".sw-table__links a, .sw-back a"
LINK_PX_MIN = 24

# The state of a case in a list: it begins a line, wherever light and date have ended.
LONELY = """() => [...document.querySelectorAll('.sw-table--cases .sw-cell--state')]
  .filter(part => part.getBoundingClientRect().left > part.closest('tr').getBoundingClientRect().left + 1)
  .map(part => `alone at the right: ${part.textContent.trim()}`)"""

# A row of Today or of the approvals whose words run over the frame that they stand in.
OVER = """() => [...document.querySelectorAll('.sw-duty *')]
  .filter(part => part.checkVisibility()
    && part.getBoundingClientRect().right > part.closest('.sw-duty').getBoundingClientRect().right - 8)
  .map(part => `over its frame: ${part.textContent.trim().slice(0, 30)}`)"""

# Tables that have to be pushed aside to be read.
CUT = """() => [...document.querySelectorAll('.sw-table-wrap')]
  .filter(wrap => wrap.checkVisibility() && wrap.scrollWidth > wrap.clientWidth + 1)
  .map(wrap => `a table of ${wrap.scrollWidth} px in ${wrap.clientWidth} px`)"""

# Words, numbers of cases and credit codes that stand on two lines; names of people, where English is written around them.
BROKEN = """() => {
  const faults = [];
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    const node = texts.currentNode, around = node.parentElement;
    if (!around.checkVisibility() || around.closest('.govuk-visually-hidden, .sw-table thead')) continue;
    const name = around.closest(':lang(en).sw-whole-names, :lang(en) .sw-whole-names') ? '|(?<![\\u4e00-\\u9fff])[\\u4e00-\\u9fff]{2,3}(?![\\u4e00-\\u9fff])' : '';
    const whole = new RegExp(`[0-9A-Z]{2,4}-[0-9]{6}|9[0-9A-Z]{17}|[A-Za-z]{4,}${name}`, 'g');
    for (const word of node.data.matchAll(whole)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1) faults.push(`broken: ${word[0]}`);
    }
  }
  return faults;
}"""


# The closing of a form on a sheet: unit and date on one line each, and the note of the seal below them.
SEAL = """() => {
  const faults = [];
  for (const seal of document.querySelectorAll('.sw-slip__close')) {
    const range = document.createRange(), note = seal.querySelector('.sw-slip__seal');
    if (note) range.selectNodeContents(note);
    const words = note ? range.getBoundingClientRect() : null;
    for (const line of seal.querySelectorAll('p'))
      for (const part of [...line.childNodes].filter(each => each.textContent.trim())) {
        const own = document.createRange();
        own.selectNodeContents(part);
        const boxes = [...own.getClientRects()].filter(box => box.width);
        if (new Set(boxes.map(box => Math.round(box.top))).size > 1) faults.push(`seal: two lines: ${part.textContent.trim()}`);
        if (words && boxes.some(box => box.bottom > words.top + 1)) faults.push(`seal: over ${part.textContent.trim()}`);
      }
  }
  return faults;
}"""

# Chinese may break between any two characters: dates and counted days must not, no line begins with the dot between two
# facts, and no cell or title ends with one character on a line. How printed forms end is looked at on paper; the marks of
# a calendar's days are raised, not broken.
TORN = """() => {
  const WHOLE = /(?:\\d{4}年)?\\d{1,2}月\\d{1,2}日|周[一二三四五六日]|\\d+ 个工作日/g;
  const faults = [], range = document.createRange();
  const shown = part => part.checkVisibility() && !part.closest('.govuk-visually-hidden, .sw-month');
  const visible = part => shown(part) && !part.closest('.sw-slip');
  const lines = (node, from, to) => {
    range.setStart(node, from);
    range.setEnd(node, to);
    return [...range.getClientRects()].filter(box => box.width).map(box => Math.round(box.bottom));
  };
  const walk = root => document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (const texts = walk(document.body); texts.nextNode();) {
    const node = texts.currentNode;
    if (!shown(node.parentElement)) continue;
    for (const whole of node.data.matchAll(WHOLE))
      if (new Set(lines(node, whole.index, whole.index + whole[0].length)).size > 1) faults.push(`torn: ${whole[0]}`);
    for (const dot of node.data.matchAll(/(?<=\\s)·(?=\\s)/g)) {
      const [at] = lines(node, dot.index, dot.index + 1);
      range.setStart(node.parentElement.closest(':is(p, li, td, th, dd, dt, h1, label, summary)') ?? document.body, 0);
      range.setEnd(node, dot.index);
      const before = [...range.getClientRects()].filter(box => box.width > 4).at(-1);
      if (before && at > before.bottom + 8) faults.push(`a line begins with a dot: ${node.data.slice(dot.index, dot.index + 20)}`);
    }
  }
  for (const part of document.querySelectorAll('main :is(td, th, h1, h2, h3, dt)')) {
    if (!visible(part) || part.querySelector('p, li, div, dl, label, svg, .sw-tag')) continue;
    const rows = new Map();
    for (const texts = walk(part); texts.nextNode();) {
      const node = texts.currentNode;
      if (!visible(node.parentElement)) continue;
      for (let at = 0; at < node.data.length; at++)
        if (node.data[at].trim())
          for (const row of lines(node, at, at + 1)) {
            const near = [...rows.keys()].find(each => Math.abs(each - row) < 8) ?? row;
            rows.set(near, (rows.get(near) || '') + node.data[at]);
          }
    }
    const last = [...rows.values()].at(-1);
    if (rows.size > 1 && /^[\\u4e00-\\u9fff]$/.test(last)) faults.push(`alone: ${last} of ${part.textContent.trim().slice(0, 30)}`);
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
            faults += [f"{name} {lang}: {low}" for low in page.evaluate(LOW, [LINKS, LINK_PX_MIN])]
            found = [fault for each in (OVER, TORN, BROKEN, LONELY) for fault in page.evaluate(each)]
            faults += [f"{name} {lang}: {fault}" for fault in found]
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
                found = [fault for each in (CUT, BROKEN, TORN) for fault in page.evaluate(each)]
                found += page.evaluate(SEAL) if width == WIDER[-1] else []
                faults += [f"{name} {lang} at {width}: {fault}" for fault in found]
    assert faults == []
