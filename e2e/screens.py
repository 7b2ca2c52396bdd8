"""`make screens`: pictures of every page in both languages at three widths, dark and printed, into screens/.

For people who look. The pages are the server's own (the device shows the same ones); the device's door and pages of a
day without network follow. `make screens README=1` also renews the README's pictures in docs/.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect, sync_playwright

from e2e.harness import SHOUWEN, City, Laptop
from e2e.officer import PREPARE_MS_MAX, Officer
from e2e.pages import LISTS, open_pages

SIZES = {"wide": (1366, 768), "middle": (768, 1024), "phone": (390, 844)}
ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "screens"
DOTS_PER_INCH = 80


def shoot(page: Page, city: City, name: str, path: str) -> None:
    """One page in every language, width and colour scheme; forms on paper as the printer gets them."""
    for lang in ("zh-CN", "en"):
        joint = "&" if "?" in path else "?"
        page.goto(f"{city.url}{path}{joint}lang={lang}")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=FOLDER / f"{name}-{lang}-{size}.png", full_page=True)
        page.set_viewport_size({"width": SIZES["wide"][0], "height": SIZES["wide"][1]})
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=FOLDER / f"{name}-{lang}-dark.png", full_page=True)
        page.emulate_media(color_scheme="light")
        if page.locator(".sw-slip").count():
            printed(page, FOLDER / f"{name}-{lang}-print")


def printed(page: Page, stem: Path) -> None:
    """The sheets of a form as a PDF, and as pictures where poppler is installed."""
    page.pdf(path=stem.with_suffix(".pdf"), prefer_css_page_size=True)
    if shutil.which("pdftoppm"):
        command = ["pdftoppm", "-png", "-r", str(DOTS_PER_INCH), str(stem.with_suffix(".pdf")), str(stem)]
        subprocess.run(command, check=True)


def shoot_device(playwright: Playwright, city: City, folder: Path) -> None:
    """The door of a device and its pages without network; the README's pictures are among them."""
    laptop = Laptop(playwright, folder / "device", SIZES["wide"])
    lin = Officer(laptop.open(), city, "linxiao")
    page = lin.page
    lin.sign_in()
    page.locator("#new-passphrase").wait_for(timeout=PREPARE_MS_MAX)
    page.screenshot(path=FOLDER / "device-new.png")
    lin.prepare_for_offline()
    page.screenshot(path=FOLDER / "device-ready.png")
    city.stop()
    lin.open("/today?scope=unit")
    page.reload()
    expect(page.locator("#sync-light")).to_contain_text("离线")
    page.screenshot(path=FOLDER / "readme-today.png")
    page.set_viewport_size({"width": SIZES["phone"][0], "height": SIZES["phone"][1]})
    page.screenshot(path=FOLDER / "readme-phone.png")
    page.set_viewport_size({"width": SIZES["wide"][0], "height": SIZES["wide"][1]})
    case = page.locator(".sw-duty__title a[href^='/cases/']").first.get_attribute("href") or ""
    lin.open(case)
    page.screenshot(path=FOLDER / "readme-case.png")
    page.click("#lock")
    page.locator("#passphrase").wait_for()
    page.screenshot(path=FOLDER / "device-locked.png")
    laptop.close()
    city.start()


def main() -> None:
    wanted = tuple(sys.argv[1:])  # beginnings of names; none means everything
    if not wanted:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        subprocess.run([str(SHOUWEN), "demo", "--data", str(folder / "data")], check=True, stdout=subprocess.DEVNULL)
        city = City(folder / "data")
        city.start()
        try:
            if not wanted or "readme" in wanted:
                shoot_device(playwright, city, folder)
            for user in LISTS:
                laptop = Laptop(playwright, folder / (user or "public"), SIZES["wide"])
                page = laptop.open()
                for name, path in open_pages(page, city, user):
                    if not wanted or name.startswith(wanted):
                        shoot(page, city, name, path)
                laptop.close()
        finally:
            city.stop()
    if os.environ.get("README"):
        for name in ("today", "case", "phone"):
            shutil.copyfile(FOLDER / f"readme-{name}.png", ROOT / "docs" / f"{name}.png")
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
