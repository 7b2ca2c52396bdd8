"""How a page is photographed, and what was: every language, width and colour scheme, sheets of paper as the printer gets
them. Journeys that come by a state of the device which no address leads to hold it with `look`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

SIZES = {"wide": (1366, 768), "middle": (768, 1024), "phone": (390, 844)}
LANGUAGES = ("zh-CN", "en")
ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "screens"
SEEN = FOLDER / "seen.txt"  # every page that was photographed: its address and its key
DOTS_PER_INCH = 80
ASKED = "SCREENS"  # set in the environment: journeys photograph what they come by
VIEW = "VIEW"  # set in the environment: the languages and views that are photographed; none of a kind means all of it
VIEWS = (*LANGUAGES, *SIZES, "dark", "print")
# States of a device, and answers of the record, that only a journey comes by; `make screens` names those it missed.
STATES = frozenset(
    {
        "device-new", "device-ready", "device-locked", "device-wrong-passphrase", "device-several", "device-join",
        "device-frozen", "device-held", "device-withdrawn", "device-moved", "device-left", "device-left-list", "device-carry-out",
        "device-restored", "device-update", "device-draft", "device-full", "device-nearly-full", "device-restarted",
        "device-signed-out", "device-needs-network", "device-shell-needs-network", "device-similar", "device-opening",
        "device-sign-in-again", "sign-in-again", "sign-in-prove", "sign-in-sent",
        "carried", "carried-file", "account-passkeys", "sign-in-passkey", "person-code", "sign-in-password",
        "sign-in-code", "sign-in-factor", "sign-in-factor-hidden", "sign-in-recovery", "sign-in-ended", "late-work", "centre-frozen",
        "centre-withdrawn", "centre-restored", "centre-quarantine", "erased-at-the-device", "erased-at-the-centre",
    }
)  # fmt: skip


def look(page: Page, name: str) -> None:
    """Photographs the page as it stands, in its language: only when `make screens` asks for it."""
    if not os.environ.get(ASKED):
        return
    before = page.viewport_size
    photograph(page, name)
    if before:
        page.set_viewport_size(before)


def shoot(page: Page, name: str, address: str, languages: tuple[str, ...] = LANGUAGES) -> None:
    """The page at an address in every language, width and colour scheme."""
    for lang in taken(languages):
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={lang}")
        photograph(page, f"{name}-{lang}")


def taken(all_of_them: tuple[str, ...]) -> tuple[str, ...]:
    """Those that VIEW names; all of them if it names none."""
    named = os.environ.get(VIEW, "").split()
    return tuple(each for each in all_of_them if each in named) or all_of_them


def photograph(page: Page, stem: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    for view in taken((*SIZES, "dark", "print")):
        width, height = SIZES.get(view, SIZES["wide"])
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if view == "dark" else "light")
        if view != "print":
            whole(page, width, height)
            page.screenshot(path=FOLDER / f"{stem}-{view}.png", full_page=True)
        elif page.locator(".sw-slip").count():
            printed(page, FOLDER / f"{stem}-print")
    page.emulate_media(color_scheme="light")
    note_seen(page, stem)


def whole(page: Page, width: int, height: int) -> None:
    """A screen as tall as the page: what stays at its edge while people scroll stands where the page ends."""
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, tall)})


def printed(page: Page, stem: Path) -> None:
    """The sheets of a form as a PDF, and as pictures where poppler is installed."""
    page.pdf(path=stem.with_suffix(".pdf"), prefer_css_page_size=True)
    if shutil.which("pdftoppm"):
        command = ["pdftoppm", "-png", "-r", str(DOTS_PER_INCH), str(stem.with_suffix(".pdf")), str(stem)]
        subprocess.run(command, check=True)


def note_seen(page: Page, stem: str) -> None:
    """Keeps which page this was, so that the pages that nobody photographed can be told."""
    key = page.locator("main > [id^='page-']")
    shown = key.first.get_attribute("id") if key.count() else ""
    address = urlsplit(page.url)
    with SEEN.open("a") as file:
        file.write(f"{stem}\t{address.path}?{address.query}\t{shown or ''}\n")


def seen() -> list[tuple[str, str, str]]:
    """What was photographed so far: name, address, key of the page."""
    if not SEEN.exists():
        return []
    return [(name, path, key) for name, path, key in (line.split("\t") for line in SEEN.read_text().splitlines())]
