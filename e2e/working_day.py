"""An office of prepared devices that works through a day of `working_days`: every form is found, typed and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from playwright.sync_api import APIResponse, Page, expect

from e2e.canaries import WORDS, with_canaries
from e2e.harness import City
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.working_days import DRAWN, LEAVING, PHOTOGRAPH, RECORD, STAND_IN, Day, Step, typed_on
from py_core.values import LOCAL

# What a page says about a case or a visit: light, state, due date, who answers, every act with author, times and
# content, papers, what was shown and signed, and every line of a signature.
TOLD = """html => {
  const page = html === null ? document : new DOMParser().parseFromString(html, 'text/html');
  const words = part => {
    const copy = part.cloneNode(true);
    for (const each of copy.querySelectorAll('[data-here]')) each.remove(); // what only this side can say
    return part.getAttribute('d') ?? copy.textContent.replace(/\\s+/g, ' ').trim();
  };
  return [...page.querySelectorAll('.sw-case__head, .sw-timeline__title, .sw-timeline__meta, .sw-timeline__facts, '
    + '.sw-attached__name, .sw-table__title, .sw-visit__signed, .sw-visit__summary, .sw-signature path')].map(words);
}"""
LINES = ([(0.1, 0.3), (0.3, 0.7), (0.45, 0.2)], [(0.55, 0.6), (0.7, 0.3), (0.9, 0.65)])
CASE_OR_VISIT = r"/(?:cases|visits)/[0-9a-f]{32}"


@dataclass
class Office:
    """Everybody with a device of their own; the cases and visits that they made, by the name that the day gives them."""

    city: City
    officers: Mapping[str, Officer]
    photograph: bytes = b""
    places: dict[str, str] = field(default_factory=dict)
    printed: set[tuple[str, str]] = field(default_factory=set)
    drawn: dict[str, str] = field(default_factory=dict)
    taken_over: set[str] = field(default_factory=set)

    def work(self, day: Day) -> None:
        """The whole day: every act is made while the server is stopped, between two windows it is there for a moment."""
        for place, window in enumerate(day.windows):
            self.city.stop()
            if names := day.handed_over(window):
                self._hand_work_over(names)
            for step in window:
                self._take(self.officers[step.who], step)
            self.city.start()
            self._network(window, day.windows[place + 1 :])

    def told_on_device(self, who: str, name: str) -> list[str]:
        """What the device's own page says about a case or a visit."""
        officer = self.officers[who]
        officer.open(self.places[name])
        return list(officer.page.evaluate(TOLD, None))

    def told_by_record(self, who: str, name: str) -> list[str]:
        """What the record's page says about it: asked for past the service worker."""
        answer = self.ask_record(who, self.places[name])
        return list(self.officers[who].page.evaluate(TOLD, answer.text()))

    def ask_record(self, who: str, path: str) -> APIResponse:
        """The record's answer to somebody's browser, not the device's."""
        answer = self.officers[who].page.context.request.get(self.city.url + path, headers={"accept-language": "zh-CN"})
        assert answer.ok, (path, answer.status)
        return answer

    def _hand_work_over(self, names: list[str]) -> None:
        """Who leaves prints the hand-over record; the stand-in finds each of its cases on Today, under the other's name."""
        page = self.officers[LEAVING].page
        page.locator(".sw-nav a[href='/slips']").click()
        page.locator(f"a[href='/slips/F-23/{LEAVING}']").click()
        sheet = page.locator(".sw-slip")
        for name in names:
            expect(sheet).to_contain_text(name)
        page.locator(".sw-nav a[href='/today']").click()
        expect(page.locator("a[href='/today?scope=stand_in']")).to_be_visible()
        page = self.officers[STAND_IN].page
        page.locator(".sw-nav a[href='/today']").click()
        page.locator("a[href='/today?scope=stand_in']").click()
        for name in names:
            expect(page.locator(f"main a[href='{self.places[name]}']")).to_be_visible()
        self.taken_over |= {*names}

    def _take(self, officer: Officer, step: Step) -> None:
        page = officer.page
        self._open_form(officer, step)
        typed = dict(step.typed)
        if step.is_visit and "case" in typed:
            typed["case"] = self.places.get(typed["case"], "/").rsplit("/", 1)[1]
        self._fill(page, step, typed)
        page.click("#register-submit" if step.do == "register" else "main form button[type=submit]")
        # The address changes only when the act is safe on the device; a fault leaves the form and names it.
        page.wait_for_url(re.compile(CASE_OR_VISIT + r"(/slips/F-\d\d)?\?"), wait_until="commit")
        self.places.setdefault(step.case, self._made(page, step))
        if step.slip:
            self._print(officer, step)

    def _made(self, page: Page, step: Step) -> str:
        """Where the case or visit stands that the form was about."""
        if step.visit:
            link = page.locator(".sw-table__title a[href^='/cases/']", has_text=step.case)
            return link.first.get_attribute("href") or ""
        found = re.search(CASE_OR_VISIT, page.url)
        assert found
        return found.group()

    def _open_form(self, officer: Officer, step: Step) -> None:
        """Goes to the form by the links that stand where the person is."""
        page = officer.page
        if step.do == "register" and not step.visit:
            page.locator(".sw-nav a[href='/register']").click()
            expect(page.locator("#register-submit")).to_be_visible()
        elif step.do == "visit.plan":
            page.locator(".sw-nav a[href='/visits']").click()
            page.locator("main a[href='/visits/plan']").first.click()
            expect(page.locator("#enterprise")).to_be_visible()
        else:
            self._go_to(officer, self.places[step.visit or step.case])
            leads = "/register?visit=" if step.visit else f"/do/{step.do.removeprefix('visit.')}"
            places = (".sw-next", ".sw-steps-now", ".sw-facts")  # a hidden number has its way beside it
            page.locator(", ".join(f"{place} a[href*='{leads}']" for place in places)).first.click()
            expect(page).to_have_url(re.compile(re.escape(leads)))
            expect(page.locator("main form button[type=submit]").first).to_be_visible()

    def _go_to(self, officer: Officer, place: str) -> None:
        page = officer.page
        if "/slips/" in page.url or "/record" in page.url:
            page.locator("main a[href^='/cases/'], main a[href^='/visits/']").first.click()
            expect(page.locator(".sw-case__head")).to_be_visible()
        if not page.url.startswith(self.city.url + place):
            officer.open(place)

    def _fill(self, page: Page, step: Step, typed: dict[str, str]) -> None:
        picture, drawn = typed.pop(PHOTOGRAPH, ""), typed.pop(DRAWN, "")
        typed = with_canaries(step.do, page.evaluate(WORDS), typed)
        if step.do == "register":
            fill_registration(page, typed)
        else:
            fill_act(page, typed)
        if picture:
            page.set_input_files("#attachments", {"name": picture, "mimeType": "image/jpeg", "buffer": self.photograph})
            expect(page.locator("[data-files-list] li")).to_have_count(1)
        if drawn:
            self.drawn[step.case] = draw(page)

    def _print(self, officer: Officer, step: Step) -> None:
        page, place = officer.page, self.places[step.case]
        if step.slip == RECORD:
            page.locator(f"a[href='{place}/record?paper=80mm']").click()
            expect(page.locator(".sw-slip .sw-signature")).to_be_visible()
        elif f"/slips/{step.slip}" not in page.url:
            page.locator(f"a[href^='{place}/slips/{step.slip}']").first.click()
        expect(page).to_have_url(re.compile(rf"/slips/{step.slip}|/record\?paper=80mm"))
        expect(page.locator(".sw-slip")).to_be_visible()
        self.printed.add((step.case, step.slip))

    def _network(self, worked: tuple[Step, ...], to_come: tuple[tuple[Step, ...], ...]) -> None:
        """Waits until everything was sent and until everybody has what they need next; nobody presses anything."""
        for who in dict.fromkeys(step.who for step in worked):
            page = self.officers[who].page
            light = page.locator("#sync-light[data-waiting='0'].sw-sync--online")
            expect(light).to_be_visible(timeout=ARRIVAL_MS_MAX)
        for step in first_steps(to_come[0]) if to_come else ():
            if step.case in self.places:
                officer = self.officers[step.who]
                officer.open(self.places[step.case])
                offered = officer.page.locator(f"a[href$='/do/{step.do.removeprefix('visit.')}']")
                expect(offered.first).to_be_visible(timeout=ARRIVAL_MS_MAX)


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
        if name == "officer":
            for box in page.locator("input[name=officer]").all():
                box.uncheck()
        kind = control.evaluate("field => field.localName === 'input' ? field.type : field.localName")
        if kind in ("radio", "checkbox"):
            page.check(f"main form input[name='{name}'][value='{value}']")
        elif kind == "select":
            control.select_option(value)
        else:
            control.fill(value)


def draw(page: Page) -> str:
    """Signs on the pad with the pointer; what stands in the form then."""
    pad = page.locator("[data-sign-pad] canvas")
    if not pad.is_visible():
        page.locator("summary", has_text="在屏幕上签名").click()
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    for line in LINES:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        page.mouse.move(*points[0])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(x, y, steps=6)
        page.mouse.up()
    strokes = page.locator("input[name=strokes]")
    expect(strokes).to_have_value(re.compile(r'"strokes":\[\['))
    return strokes.input_value()
