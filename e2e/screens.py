"""`make screens`: pictures of every page in both languages at three widths, into screens/, for people who look.

The pages are the server's own (the device shows the same ones); the device's door and its pages follow at the end.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from e2e.harness import SHOUWEN, City, Laptop
from e2e.officer import Officer

SIZES = {"wide": (1366, 768), "middle": (900, 1100), "phone": (390, 844)}
FOLDER = Path(__file__).parent.parent / "screens"


def pages_of(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """Name and address of every page that this person can see; cases are picked from the lists."""
    yield "today", "/today"
    yield "today-unit", "/today?scope=unit"
    yield "register", "/register"
    yield "cases", "/cases"
    yield "sync", "/sync"
    yield "unknown", "/no-such-page"
    page.goto(city.url + "/today?scope=unit")
    links = [link.get_attribute("href") or "" for link in page.locator(".sw-duty__title a").all()]
    for index, path in enumerate(links[:3]):
        yield f"case-{index}", path
    page.goto(city.url + links[0])
    for link in page.locator(".sw-next a").all():
        href = link.get_attribute("href") or ""
        yield f"do-{href.rsplit('/', 1)[1]}", href
    slips = [link.get_attribute("href") or "" for link in page.locator("a[href*='/slips/']").all()]
    for href in slips:
        yield f"slip-{href.rsplit('/', 1)[1].split('?')[0]}", href
    yield "not-lawful", links[0] + "/do/approve_extension"
    yield from visit_pages(page, city)


def visit_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """The lists of visits, one that was made with its record, one that is planned, an enterprise's file."""
    for show in ("plan", "past", "enterprises"):
        yield f"visits-{show}", f"/visits?show={show}&scope=unit"
    yield "visit-plan", "/visits/plan"
    page.goto(city.url + "/visits?show=past&scope=unit")
    made = page.locator(".sw-visit", has=page.locator(".sw-visit--finished")).last.locator("h3 a")
    done = made.get_attribute("href") or ""
    page.goto(city.url + done)
    file = page.locator("a[href^='/enterprises/']").first.get_attribute("href") or ""
    yield "visit-made", done
    yield "visit-record", f"{done}/record?paper=a4"
    yield "visit-receipt", f"{done}/record?paper=80mm"
    yield "visit-papers-back", f"{done}/do/return_papers"
    yield "enterprise", file
    page.goto(city.url + "/visits?scope=unit")
    planned = page.locator(".sw-visit h3 a").last.get_attribute("href") or ""
    yield "visit-planned", planned
    for command in ("start", "move", "cancel", "note"):
        yield f"visit-{command}", f"{planned}/do/{command}"
    begun = page.locator(".sw-visit h3 a").first.get_attribute("href") or ""
    page.goto(f"{city.url}{begun}/do/start")
    page.click("main form button[type=submit]")
    yield "visit-started", begun
    for command in ("take_papers", "add_files", "sign", "add_request", "finish"):
        yield f"visit-{command}", f"{begun}/do/{command}"
    yield "visit-register", f"/register?visit={begun.rsplit('/', 1)[1]}"


def centre_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    yield "centre", "/centre"
    yield "centre-cases", "/centre/cases"
    yield "reconciliation", "/centre/reconciliation"
    page.goto(city.url + "/centre/reconciliation")
    link = page.locator("a[href^='/centre/reconciliation/']").first
    yield "reconcile", link.get_attribute("href") or ""


def shoot(page: Page, city: City, name: str, path: str) -> None:
    for lang in ("zh-CN", "en"):
        joint = "&" if "?" in path else "?"
        page.goto(f"{city.url}{path}{joint}lang={lang}")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=FOLDER / f"{name}-{lang}-{size}.png", full_page=True)
    page.set_viewport_size({"width": SIZES["wide"][0], "height": SIZES["wide"][1]})


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        subprocess.run([str(SHOUWEN), "demo", "--data", str(data)], check=True, stdout=subprocess.DEVNULL)
        city = City(data)
        city.start()
        try:
            for user, of in (("linxiao", pages_of), ("qianwen", centre_pages)):
                laptop = Laptop(playwright, Path(folder) / user, SIZES["wide"])
                page = laptop.open()
                page.route("**/assets/page.js", lambda route: route.abort())  # the pages alone, without preparation
                shoot(page, city, "sign-in", "/sign-in")
                Officer(page, city, user).sign_in()
                for name, path in list(of(page, city)):
                    shoot(page, city, name, path)
                laptop.close()
        finally:
            city.stop()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
