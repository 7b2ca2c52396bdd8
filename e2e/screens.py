"""`make screens`: pictures of every page in both languages at three widths, dark and printed, into screens/.

For people who look. Four parts, of which PART takes some: `server` (the lists of `e2e.pages`; the device shows the same
pages), `steps` and `papers` (the forms of every step and on every paper, from a city in memory), `journeys` (states of a
device, steps of signing in). VIEW takes some languages and widths: "en wide dark". Afterwards it names what no picture
shows, and fails if that was a whole run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect, sync_playwright

from e2e import desk_pictures
from e2e.harness import SHOUWEN, City, Laptop
from e2e.officer import PREPARE_MS_MAX, Officer
from e2e.pages import LISTS, NO_PAGES, open_pages
from e2e.pictures import ASKED, FOLDER, ROOT, SIZES, STATES, VIEW, VIEWS, look, seen, shoot
from py_core.cases.commands import COMMANDS
from py_core.desk.problems import PROBLEMS
from py_core.desk.routes import ROUTES
from py_core.packs import load_packs
from py_core.packs.prints import load_prints
from py_core.visits import VISIT_COMMANDS
from server.app import routes

PARTS = ("server", "steps", "papers", "journeys")
# Journeys that come by what no address leads to.
JOURNEYS = (
    "test_account_passkeys", "test_accounts", "test_carried_file", "test_cases_leave", "test_copied_profile",
    "test_device_breakdowns", "test_device_helps", "test_device_troubles", "test_fresh_sign_in", "test_opening", "test_proof",
    "test_restored_record", "test_scope", "test_two_people", "test_updates",
)  # fmt: skip
# Addresses of the server that are no pages: programs ask for them.
FOR_PROGRAMS = {
    "/healthz", "/me", "/sync/events", "/log/checkpoint", "/log/proof", "/log/keys", "/sign-in/passkey",
    "/calendar/{token:str}.ics", "/centre/carried/{file:str}/receipts", "/attachments/{sha256}", "/assets/{name:path}",
    "/sw.js", "/worker.js", "/shell.html", "/precache.json", "/{path:path}",
}  # fmt: skip


def missing() -> list[str]:
    """What the product has and no picture shows, by the tables that make it: routes, steps, papers, troubles, states."""
    shown = seen()
    names = [name for name, _, _ in shown]
    paths = {path.partition("?")[0] for _, path, _ in shown}
    keys = {key for _, _, key in shown}
    gone = [f"page {each.path.pattern}" for each in ROUTES if not any(each.path.fullmatch(path) for path in paths)]
    gone = [line for line in gone if line.removeprefix("page ") not in NO_PAGES]
    for each in routes():
        asked = "GET" in (getattr(each, "methods", None) or ())
        if asked and each.path not in FOR_PROGRAMS and not any(each.path_regex.match(path) for path in paths):
            gone.append(f"page {each.path}")
    steps = {each.command for each in load_packs().common.transitions} & COMMANDS.keys() - {"register"}
    wanted = [f"do-{each}" for each in sorted(steps)] + [f"do-visit-{each}" for each in VISIT_COMMANDS]
    wanted += [f"paper-{form}-{paper}" for form, plan in load_prints().items() for paper in plan.papers]
    gone += [each for each in wanted if not any(name.startswith(f"{each}-") for name in names)]
    gone += sorted(STATES - set(names))
    return gone + [f"trouble {code}" for code in PROBLEMS if f"page-problem-{code}" not in keys]


def look_in_both(page: Page, city: City, name: str, shown: str) -> None:
    """A state of a device in both languages, changed as people change it; `shown` is what the page then has."""
    look(page, name)
    for lang in ("en", "zh-CN"):
        page.goto(f"{city.url}/today?lang={lang}")
        page.locator(shown).wait_for(timeout=PREPARE_MS_MAX)
        if lang == "en":
            look(page, f"{name}-en")


def shoot_device(playwright: Playwright, city: City, folder: Path) -> None:
    """The door of a device and its pages without network; the README's pictures are among them."""
    laptop = Laptop(playwright, folder / "device", SIZES["wide"])
    lin = Officer(laptop.open(), city, "linxiao")
    page = lin.page
    lin.sign_in()
    page.locator("#new-passphrase").wait_for(timeout=PREPARE_MS_MAX)
    look_in_both(page, city, "device-new", "#new-passphrase")
    lin.prepare_for_offline()
    look(page, "device-ready")
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
    look_in_both(page, city, "device-locked", "#passphrase")
    laptop.close()
    city.start()


def shoot_server(playwright: Playwright, wanted: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subprocess.run([str(SHOUWEN), "demo", "--data", str(folder / "data")], check=True, stdout=subprocess.DEVNULL)
        city = City(folder / "data")
        city.start()
        try:
            if not wanted or any(name.startswith(("readme", "device-")) for name in wanted):
                shoot_device(playwright, city, folder)
            for user in LISTS:
                laptop = Laptop(playwright, folder / (user or "public"), SIZES["wide"])
                page = laptop.open()
                for name, path in open_pages(page, city, user):
                    if not wanted or name.startswith(wanted):
                        shoot(page, name, f"{city.url}{path}")
                laptop.close()
        finally:
            city.stop()


def shoot_desk(playwright: Playwright, part: str, wanted: tuple[str, ...]) -> None:
    """The forms of the steps, or the sheets of paper and the troubles."""
    with tempfile.TemporaryDirectory() as temporary:
        laptop = Laptop(playwright, Path(temporary), SIZES["wide"])
        page = laptop.open()
        made = [desk_pictures.steps()] if part == "steps" else [desk_pictures.papers(), desk_pictures.troubles()]
        for name, path, pages in (each for some in made for each in some):
            if not wanted or name.startswith(wanted):
                desk_pictures.show(page, name, path, pages)
        laptop.close()


def walk_journeys(wanted: tuple[str, ...]) -> None:
    """The journeys photograph what they come by; `wanted` are names of their files here."""
    files = [f"e2e/{name}.py" for name in JOURNEYS if not wanted or name.startswith(wanted)]
    subprocess.run([sys.executable, "-m", "pytest", *files], cwd=ROOT, env={**os.environ, ASKED: "1"}, check=True)


def asked_for(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Beginnings of names, none of which means every page, and the parts; what is no such word ends with the help."""
    parser = argparse.ArgumentParser(
        prog="e2e.screens", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="beginnings of the names of pages; none means every page")
    names = tuple(parser.parse_args(words).names)
    parts = os.environ.get("PART", "").split() or list(PARTS)
    for given, known in ((parts, PARTS), (os.environ.get(VIEW, "").split(), VIEWS)):
        for word in set(given) - set(known):
            parser.error(f"{word} is none of: {' '.join(known)}")
    return names, parts


def main() -> None:
    wanted, parts = asked_for(sys.argv[1:])
    whole = not wanted and set(parts) == set(PARTS) and not os.environ.get(VIEW)
    if whole:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    os.environ[ASKED] = "1"
    with sync_playwright() as playwright:
        if "server" in parts:
            shoot_server(playwright, wanted)
        for part in ("steps", "papers"):
            if part in parts:
                shoot_desk(playwright, part, wanted)
    if "journeys" in parts:
        walk_journeys(wanted)
    if os.environ.get("README"):
        for name in ("today", "case", "phone"):
            shutil.copyfile(FOLDER / f"readme-{name}.png", ROOT / "docs" / f"{name}.png")
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
    gone = missing()
    for line in gone:
        print(f"no picture shows: {line}")
    if whole and gone:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
