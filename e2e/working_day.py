"""An office of prepared devices that works through a day of `working_days`: every form is found, typed and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from playwright.sync_api import APIRequestContext, Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.working_days import Day, Step, typed_on
from py_core.values import LOCAL

# What a case says about itself: light, state, due date, who answers, and every act with its author and time.
TOLD = """html => {
  const page = html === null ? document : new DOMParser().parseFromString(html, 'text/html');
  const words = part => part.textContent.replace(/\\s+/g, ' ').trim();
  return [...page.querySelectorAll('.sw-case__head, .sw-timeline__title')].map(words);
}"""


@dataclass
class Office:
    """Everybody with a device of their own; the cases that they made, by the name that the day gives them."""

    city: City
    laptops: Mapping[str, Laptop]
    officers: Mapping[str, Officer]
    cases: dict[str, str] = field(default_factory=dict)
    printed: set[tuple[str, str]] = field(default_factory=set)

    def work(self, day: Day) -> None:
        """The whole day: every act is made while the server is stopped, between two windows it is there for a moment."""
        self.cases.clear()  # two days may call a case alike
        self.printed.clear()
        for place, window in enumerate(day.windows):
            self.city.stop()
            for step in window:
                self._take(self.officers[step.who], step)
            self.city.start()
            self._network(day, window, day.windows[place + 1 :])

    def told_on_device(self, who: str, case: str) -> list[str]:
        """What the device's own page says about a case."""
        officer = self.officers[who]
        officer.open(self.cases[case])
        return list(officer.page.evaluate(TOLD, None))

    def told_by_record(self, who: str, case: str) -> list[str]:
        """What the record's page says about it: asked for past the service worker."""
        officer = self.officers[who]
        asked: APIRequestContext = officer.page.context.request
        answer = asked.get(self.city.url + self.cases[case], headers={"accept-language": "zh-CN"})
        assert answer.ok, answer.status
        return list(officer.page.evaluate(TOLD, answer.text()))

    def _take(self, officer: Officer, step: Step) -> None:
        page = officer.page
        if step.do == "register":
            officer.open("/register")
            fill_registration(page, step.typed)
            page.click("#register-submit")
        else:
            case = self.cases[step.case]
            if not page.url.startswith(self.city.url + case):
                officer.open(case)
            elif "/slips/" in page.url:
                page.locator(f"a[href='{case}']").first.click()
            page.locator(f".sw-next a[href='{case}/do/{step.do}']").click()
            expect(page).to_have_url(re.compile(rf"/do/{step.do}$"))
            fill_act(page, step.typed)
            page.click("main form button[type=submit]")
        # The address changes only when the act is safe on the device; a fault leaves the form and names it.
        settled = re.compile(r"/cases/[0-9a-f]{32}(/slips/F-\d\d)?\?")
        page.wait_for_url(settled, wait_until="commit")
        found = re.search(r"/cases/[0-9a-f]{32}", page.url)
        assert found
        self.cases.setdefault(step.case, found.group())
        if step.slip:
            self._print(officer, step)

    def _print(self, officer: Officer, step: Step) -> None:
        page, case = officer.page, self.cases[step.case]
        if f"/slips/{step.slip}" not in page.url:
            page.locator(f"a[href^='{case}/slips/{step.slip}']").first.click()
        expect(page).to_have_url(re.compile(rf"/slips/{step.slip}"))
        expect(page.locator(".sw-slip")).to_be_visible()
        self.printed.add((step.case, step.slip))

    def _network(self, day: Day, worked: tuple[Step, ...], to_come: tuple[tuple[Step, ...], ...]) -> None:
        """Waits until everything was sent and until everybody has what they need next; nobody presses anything."""
        for who in dict.fromkeys(step.who for step in worked):
            light = self.officers[who].page.locator("#sync-light[data-waiting='0'].sw-sync--online")
            expect(light).to_be_visible(timeout=ARRIVAL_MS_MAX)
        if not to_come:
            return
        for step in first_steps(to_come[0]):
            if step.case in self.cases:
                officer = self.officers[step.who]
                officer.open(self.cases[step.case])
                offered = officer.page.locator(f".sw-next a[href='{self.cases[step.case]}/do/{step.do}']")
                expect(offered).to_be_visible(timeout=ARRIVAL_MS_MAX)


def first_steps(window: tuple[Step, ...]) -> Iterator[Step]:
    """The first step on every case of a window: the one that needs what others did before."""
    seen = set()
    for step in window:
        if step.case not in seen:
            seen.add(step.case)
            yield step


def fill_registration(page: Page, typed: Mapping[str, str]) -> None:
    """Types a registration in the order of the page, so that what belongs to the choice is there."""
    typed = dict(typed)
    offer = typed.pop("offer")
    papers = typed.pop("offer_papers", "")
    if offer.startswith("matter:"):
        page.check("input[name=offer][value=matter]")
        page.select_option("#matter", offer)
    else:
        page.check(f"input[name=offer][value='{offer}']")
    if papers:
        page.check(f"[id='papers-{offer}']")
    fill_act(page, typed)


def fill_act(page: Page, typed: Mapping[str, str]) -> None:
    """Types every value into its field; choices are checked, lists selected. The form must have each of them."""
    today = datetime.now(LOCAL).date()
    for name, text in typed.items():
        value = typed_on(today, text)
        control = page.locator(f"main form [name='{name}']").first
        kind = control.evaluate("field => field.localName === 'input' ? field.type : field.localName")
        if kind in ("radio", "checkbox"):
            page.check(f"main form input[name='{name}'][value='{value}']")
        elif kind == "select":
            control.select_option(value)
        else:
            control.fill(value)
