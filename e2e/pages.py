"""Every page of the desk by name and address, found as people find them; screenshots and axe go by the same lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from playwright.sync_api import Page

from e2e.harness import City
from e2e.officer import Officer
from py_core.reporters import is_reporter_id, reporter_id

CASES_MAX = 12  # cases that are looked through for steps and forms
CASES_SHOWN = 3


def hrefs(page: Page, selector: str) -> list[str]:
    """Where the links of a part of the page lead."""
    return [link.get_attribute("href") or "" for link in page.locator(selector).all()]


def pages_of(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """Name and address of every page that this person can see; cases are picked from the lists."""
    yield "today", "/today"
    yield "today-unit", "/today?scope=unit"
    yield "absence", "/absence"
    yield "register", "/register"
    yield "cases", "/cases"
    yield "sync", "/sync"
    yield "account", "/account"
    yield "unknown", "/no-such-page"
    page.goto(city.url + "/today?scope=unit")
    cases = [link.get_attribute("href") or "" for link in page.locator(".sw-duty__title a[href^='/cases/']").all()]
    steps: dict[str, str] = {}
    slips: dict[str, str] = {}
    for index, path in enumerate(cases[:CASES_MAX]):
        if index < CASES_SHOWN:
            yield f"case-{index}", path
        page.goto(city.url + path)
        for href in hrefs(page, ".sw-next a"):
            steps.setdefault(href.rsplit("/", 1)[1], href)
        for href in hrefs(page, "a[href*='/slips/']"):
            slips.setdefault(href.rsplit("/", 1)[1].partition("?")[0], href)
    yield from ((f"do-{name}", href) for name, href in steps.items())
    yield from ((f"slip-{name}", href) for name, href in slips.items())
    yield "not-lawful", cases[0] + "/do/approve_extension"
    yield "slips", "/slips"
    page.goto(city.url + "/slips")
    sheets = [link.get_attribute("href") or "" for link in page.locator("main a[href^='/slips/']").all()]
    for href in {href.split("/")[2]: href for href in sheets}.values():
        yield f"sheet-{href.split('/')[2]}", href
    yield "calendar", "/today/calendar"
    yield "calendar-subscription", "/calendar"
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
    page.goto(city.url + "/centre/cases")
    case = page.locator("main a[href^='/cases/']").first.get_attribute("href") or ""
    yield "evidence", f"{case}/evidence"
    yield "vetoes", "/centre/vetoes"
    yield "carried-list", "/centre/carried"
    yield "quarantine", "/centre/quarantine"
    yield "late-work-unknown", "/centre/quarantine/999999999"


def head_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """What heads and leaders decide, and the first form of a decision."""
    yield "approvals", "/approvals"
    page.goto(city.url + "/approvals")
    for link in page.locator(".sw-approval__steps a").all()[:2]:
        href = link.get_attribute("href") or ""
        yield f"decide-{href.rsplit('/', 1)[1]}", href


def admin_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """The city's rules, calendars and published services."""
    page.goto(city.url + "/centre/devices")
    yield "device-name", page.locator("main a[href$='/name']").first.get_attribute("href") or ""
    yield "people", "/centre/people"
    yield "person", "/centre/people/linxiao"
    yield "person-new", "/centre/people/new"
    yield "post", "/centre/posts/xingqiao-counter"
    yield "post-new", "/centre/posts/new"
    yield "rules", "/centre/rules"
    yield "rules-policy", "/centre/rules/P-04"
    yield "rules-setting", "/centre/rules/BZ/complaint_reply_limit"
    yield "rules-undecided", "/centre/rules/keeping/undecided"
    yield "rules-devices", "/centre/rules/devices/device_lease"
    yield "city-calendar", "/centre/calendar"
    yield "city-publish", "/centre/calendar/publish"
    yield "offers", "/centre/offers"
    yield "offer", "/centre/offers/disability-allowance"
    yield "offer-new", "/centre/offers/new"


def security_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """Devices, sessions, lockouts."""
    yield "devices", "/centre/devices"
    page.goto(city.url + "/centre/devices")
    device = page.locator("a[href^='/centre/devices/']").first.get_attribute("href") or ""
    yield "device-withdraw", device
    yield "device-lost", f"{device}/lost"
    yield "device-missing", f"{device}/missing"
    yield "sessions", "/centre/sessions"


def supervision_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """What is kept how long, and the hold of one case against erasure."""
    yield "keeping", "/centre/keeping"
    page.goto(city.url + "/centre/cases")
    case = page.locator("main a[href^='/cases/']").first.get_attribute("href") or ""
    yield "keeping-hold", "/centre/keeping/" + case.rsplit("/", 1)[1]
    yield "reporter", _reporter(city)
    yield "reporter-evidence", _reporter(city) + "/evidence"


def _reporter(city: City) -> str:
    """The page that says who made a report, of some report of the city: by its record, since lists do not tell them apart."""
    with closing(sqlite3.connect(f"file:{city.data / 'record.sqlite3'}?mode=ro", uri=True)) as record:
        known = sorted(row[0].hex() for row in record.execute("SELECT DISTINCT case_id FROM changes"))
    beside = {each for each in known if is_reporter_id(each)}
    return "/centre/reporter/" + next(each for each in known if each not in beside and reporter_id(each) in beside)


def audit_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """The one page of the auditor, and where everybody of the centre begins."""
    yield "audit", "/centre/audit"
    yield "centre-counts", "/centre"


def public_pages(page: Page, city: City) -> Iterator[tuple[str, str]]:
    """What somebody sees who is not signed in."""
    yield "sign-in", "/sign-in"
    yield "public-status", "/public/status"
    yield "public-status-wrong", "/public/status?n=XX-1&c=0000"


# Every list with somebody who may see its pages; nobody for what the public sees.
LISTS = {
    "": public_pages, "linxiao": pages_of, "sunguoping": head_pages, "qianwen": centre_pages, "heli": admin_pages,
    "luoan": security_pages, "yanjing": audit_pages, "luzheng": supervision_pages,
}  # fmt: skip
# Addresses that are no page of their own, and why.
NO_PAGES = {"/": "leads to Today", "/today/alerts": "a part of Today", "/register/similar": "a part of the form"}


def open_pages(page: Page, city: City, user: str) -> list[tuple[str, str]]:
    """Signs in where somebody must, and gives the pages of their list; the script that prepares a device is left out."""
    page.route("**/assets/page.js", lambda route: route.abort())
    if user:
        Officer(page, city, user).sign_in()
    return list(LISTS[user](page, city))
