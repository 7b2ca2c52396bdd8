"""What an officer does at the screen, in the words of the job; the tests read like the day of a township counter."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from e2e.harness import City
from server.demo.data import demo_secret
from server.second_factor import STEP_SECONDS, code_at

PASSWORD = "chengjiang-2026"
PASSPHRASE = "河边的灯笼照着石阶"
PREPARE_MS_MAX = 180_000  # a slow laptop: keys, Pyodide for the first time, the first sync
ARRIVAL_MS_MAX = 120_000  # wake-up, a back-off of up to a minute after a dead server, a busy machine
QUOTA_TRIES_MAX = 40


GUARDED = ("heli", "luoan", "yanjing")  # whose role needs a second factor


def code_now() -> str:
    """What the demonstration's authenticator app would show."""
    return code_at(b32decode(demo_secret()), int(time.time()) // STEP_SECONDS)


@dataclass
class Officer:
    """One person at one open page."""

    page: Page
    city: City
    user: str

    def sign_in(self) -> None:
        self.page.goto(self.city.url + "/today")
        self.give_password()
        if self.user in GUARDED:
            self.page.fill("#code", code_now())
            self.page.click("main button[type=submit]")
        expect(self.page).to_have_url(re.compile(r"/(today|centre)"))

    def give_password(self, password: str = PASSWORD) -> None:
        """The first step of the sign-in page, which is shown."""
        self.page.fill("input[name=user]", self.user)
        self.page.fill("input[name=password]", password)
        self.page.click("main button[type=submit]")

    def prepare_for_offline(self) -> None:
        """Waits through the visible preparation; only the passed self-test says that the device is ready."""
        self.choose_passphrase()
        expect(self.page.locator("#offline-ready")).to_have_text("可离线使用", timeout=PREPARE_MS_MAX)

    def choose_passphrase(self) -> None:
        """Begins the preparation."""
        self.page.fill("#new-passphrase", PASSPHRASE, timeout=PREPARE_MS_MAX)
        self.page.fill("#new-passphrase-again", PASSPHRASE)
        self.page.click("#device-passphrase button[type=submit]")

    def unlock(self, path: str = "/today") -> None:
        self.page.goto(self.city.url + path)
        self.page.fill("#passphrase", PASSPHRASE)
        self.page.click("#unlock button[type=submit]")
        expect(self.page.locator("#lock")).to_be_visible()

    def open(self, path: str) -> None:
        self.page.goto(self.city.url + path)
        expect(self.page.locator("#lock")).to_be_visible()

    def register_service(self, offer_text: str, name: str, *, unsigned_reason: str = "") -> str:
        """Registers a service matter with complete papers; gives the case's path. The receipt page is shown."""
        page = self.page
        self.open("/register")
        page.get_by_role("radio", name=re.compile(offer_text)).check()
        for paper in page.locator(
            ".sw-choice:has(input[name=offer]:checked) .sw-choice__more input[type=checkbox]"
        ).all():
            paper.check()
        page.fill("input[name=claimant_name]", name)
        page.fill("input[name=claimant_phone]", "13800001234")
        page.check("#identity_told")
        page.check("input[name=complete][value=yes]")
        page.check(f"input[name=signed][value={'no' if unsigned_reason else 'yes'}]")
        if unsigned_reason:
            page.fill("input[name=unsigned_reason]", unsigned_reason)
        page.check("input[name=outcome][value=accept]")
        page.click("#register-submit")
        expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}/slips/F-02"))
        return self._case_path()

    def register_appeal(self, kind_text: str, name: str, title: str, text: str, *, request_kind: str = "help") -> str:
        page = self.page
        self.open("/register")
        page.get_by_role("radio", name=re.compile(kind_text)).check()
        page.fill("input[name=claimant_name]", name)
        page.fill("input[name=claimant_phone]", "13800005678")
        page.check("#identity_told")
        page.fill("input[name=title]", title)
        page.fill("textarea[name=text]", text)
        page.check(f"input[name=request_kind][value={request_kind}]")
        page.check("input[name=outcome][value=accept]")
        page.click("#register-submit")
        expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}(\?|$)"))
        return self._case_path()

    def do(self, case_path: str, command: str, **fields: str) -> None:
        """Records one act by its form: radios are checked by value, everything else is filled."""
        page = self.page
        self.open(f"{case_path}/do/{command}")
        for name, value in fields.items():
            radio = page.locator(f"input[type=radio][name={name}][value={value!r}]") if value.isascii() else None
            if radio is not None and radio.count():
                radio.check()
            else:
                page.fill(f"[name={name}]", value)
        page.click("main form button[type=submit]")
        expect(page).to_have_url(re.compile(re.escape(case_path) + r"(\?|$)"))

    def ticks(self) -> list[str]:
        """For every act of the shown timeline: `device` (one tick), `record` (two) or `refused`."""
        marks = self.page.locator(".sw-timeline .sw-ticks").all()
        classes = [mark.get_attribute("class") or "" for mark in marks]
        return [name.split("sw-ticks--")[1].split()[0] for name in classes]

    def expect_all_in_record(self) -> None:
        """Waits until every act of the shown case has its receipt, without touching anything."""
        timeline = self.page.locator(".sw-timeline")
        expect(timeline.locator(".sw-ticks--device")).to_have_count(0, timeout=ARRIVAL_MS_MAX)
        expect(timeline.locator(".sw-ticks--record").first).to_be_visible()

    def _case_path(self) -> str:
        found = re.search(r"/cases/[0-9a-f]{32}", self.page.url)
        assert found, self.page.url
        return found.group()


def draft_is_kept(page: Page) -> None:
    """Waits until the device has written down everything that stands in the form."""
    expect(page.locator("main form[data-kept]")).to_be_attached()


def type_until_refused(page: Page) -> None:
    """Types on until the device says that it cannot keep drafts: Chromium asks for the free space only now and then."""
    for _ in range(QUOTA_TRIES_MAX):
        page.locator("[name=text]").press_sequentially("。")
        try:
            expect(page.locator("#offline-progress")).to_contain_text("存不下", timeout=2_000)
        except AssertionError:
            continue
        return
    raise AssertionError("the device never noticed that its disk is full")
