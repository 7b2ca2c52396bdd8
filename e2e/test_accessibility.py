"""axe-core finds nothing on any page, server's and device's, in both languages, light and dark; nothing scrolls sideways
at 200 % zoom; the main job goes with the keyboard alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from e2e.harness import City, Laptop
from e2e.officer import Officer
from e2e.pages import LISTS, NO_PAGES, open_pages
from py_core.desk.routes import ROUTES

AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
ZOOMED: ViewportSize = {"width": 683, "height": 384}  # 1366 x 768 at 200 %
FULL: ViewportSize = {"width": 1366, "height": 768}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe objects to, one line for each rule with the first place."""
    page.evaluate(AXE.read_text(encoding="utf-8"))  # as the debugger does it: the page's own policy stays as it is
    found = page.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })"
        ".then(result => result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.length} × ${v.nodes[0].html}`))",
        RULES,
    )
    return [str(line) for line in found]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the screen at 200 % zoom."""
    page.set_viewport_size(ZOOMED)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.set_viewport_size(FULL)
    return int(wider)


def judge(page: Page, name: str) -> list[str]:
    """Everything that is wrong with the page that is shown, in both colour schemes."""
    faults = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        faults += [f"{name} ({scheme}) {line}" for line in violations(page)]
    wider = sideways(page)
    return faults + ([f"{name} is {wider} px too wide at 200 % zoom"] if wider > 0 else [])


@pytest.mark.parametrize("user", LISTS)
def test_no_page_of_the_server_has_a_barrier(user: str, city: City, laptop: Callable[..., Laptop]) -> None:
    page = laptop(user or "public").open()
    faults = []
    visited = 0
    for name, path in open_pages(page, city, user):
        for lang in ("zh-CN", "en"):
            page.goto(f"{city.url}{path}{'&' if '?' in path else '?'}lang={lang}")
            faults += judge(page, f"{name} {lang}")
            visited += 1
    assert visited >= 4
    assert faults == []


def test_no_route_is_missing_from_the_lists(city: City, laptop: Callable[..., Laptop]) -> None:
    paths = set(NO_PAGES)
    for user in LISTS:
        paths |= {path.partition("?")[0] for _, path in open_pages(laptop(f"list-{user}").open(), city, user)}
    forgotten = [route.path.pattern for route in ROUTES if not any(route.path.fullmatch(path) for path in paths)]
    assert forgotten == []


def test_no_page_of_the_device_has_a_barrier_and_the_main_job_needs_no_mouse(
    city: City, laptop: Callable[..., Laptop]
) -> None:
    lin = Officer(laptop("linxiao").open(), city, "linxiao")
    page = lin.page
    lin.sign_in()
    page.locator("#new-passphrase").wait_for(timeout=180_000)
    faults = judge(page, "new passphrase")
    lin.prepare_for_offline()
    faults += judge(page, "ready")
    city.stop()

    lin.open("/today")
    page.focus("#lock")
    page.keyboard.press("Enter")
    expect(page.locator("#passphrase")).to_be_visible()
    faults += judge(page, "locked")
    page.focus("#passphrase")
    page.keyboard.type("wrong passphrase")
    page.keyboard.press("Enter")
    expect(page.locator("#unlock-error")).not_to_be_empty()
    faults += judge(page, "wrong passphrase")
    page.focus("#passphrase")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("河边的灯笼照着石阶")
    page.keyboard.press("Enter")
    expect(page.locator("#lock")).to_be_visible()

    case = _register_by_keyboard(page)
    _reply_by_keyboard(page, case)
    for lang in ("zh-CN", "en"):
        for name, path in (
            ("today", "/today"), ("register", "/register"), ("cases", "/cases"), ("sync", "/sync"), ("case", case),
            ("visits", "/visits"), ("visit plan", "/visits/plan"),
            ("unknown", "/no-such-page"),
        ):  # fmt: skip
            lin.open(f"{path}?lang={lang}")
            faults += judge(page, f"device {name} {lang}")
    assert faults == []


def _register_by_keyboard(page: Page) -> str:
    keys = page.keyboard
    keys.press("Alt+r")
    expect(page.locator("#offer-1")).to_be_focused()
    keys.press("b")
    keys.press("Alt+n")
    keys.insert_text("韩国强")
    keys.press("Tab")
    keys.insert_text("13900002222")
    keys.press("Alt+i")
    keys.press("Space")
    keys.press("Alt+t")
    keys.insert_text("农贸市场东侧下水道堵塞")
    keys.press("Tab")
    keys.insert_text("下水道堵了三天，污水漫到人行道。")
    keys.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}\?done=accept"))
    found = re.search(r"/cases/[0-9a-f]{32}", page.url)
    assert found
    return found.group()


def _reply_by_keyboard(page: Page, case: str) -> None:
    keys = page.keyboard
    _tab_to(page, f"a[href='{case}/do/reply']")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/do/reply$"))
    _tab_to(page, "#text")
    keys.insert_text("已派人疏通，现场已冲洗。")
    keys.press("Tab")
    keys.press("1")
    expect(page.locator("input[name=opinion][value=satisfied]")).to_be_checked()
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"\?done=act$"))
    expect(page.locator(".sw-timeline")).to_contain_text("满意")


def _tab_to(page: Page, selector: str, most: int = 60) -> None:
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with the Tab key")
