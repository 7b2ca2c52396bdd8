"""The pages of a city in memory: the form of every step as a day comes by it, every printed form, every trouble.

The desk is the product's own; only the store under it is the one of the core's tests. Chromium gets the pages by
answered requests, so that no server has to live through weeks for a form.
"""

from __future__ import annotations

import mimetypes
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

from e2e.pictures import LANGUAGES, ROOT, shoot

sys.path.append(str(ROOT / "tests" / "core"))

from day_office import Office, WatchedOffice, in_front_of, state_of, work_through
from slip_cases import OF_THE_CITY, city_with

from e2e.further_steps import FURTHER
from e2e.working_days import DAYS, LIN, STAND_IN
from py_core.desk.ports import Request
from py_core.desk.problems import PROBLEMS, problem_page
from py_core.packs.prints import load_prints

HOST = "http://desk.local"
Pages = dict[str, str]
"""One page by language."""


def steps() -> Iterator[tuple[str, str, Pages]]:
    """The form of every step, once with what is wrong when it is sent empty; one case of every state of every day."""
    done = set()
    for pack, day in DAYS.items():
        office = work_through(WatchedOffice(day.people), day)
        for (command, path, pages), (_, _, empty) in zip(office.forms, office.unfilled, strict=True):
            name = f"register-{pack}" if command == "register" else command.replace("visit.", "visit-")
            if name not in done:
                done.add(name)
                yield f"do-{name}", path, pages
                if empty.status == 422:
                    yield f"do-{name}-empty", path, {"zh-CN": empty.html}
        yield from kept(office, pack)
        if pack == "BZ":
            yield from absence(office)
    for (pack, command), way in FURTHER.items():
        if command not in done:
            done.add(command)
            desk, case = in_front_of(way, pack)
            path = f"{case}/do/{command}"
            yield f"do-{command}", path, {lang: desk.get(path, lang).html for lang in LANGUAGES}


def absence(office: Office) -> Iterator[tuple[str, str, Pages]]:
    """The page of an absence: empty, with faults, what it will record, and recorded, for both sides."""
    desk, stand_in = office.desks[LIN], office.desks[STAND_IN]
    again = [
        step
        for step in DAYS["BZ"].windows[0]
        if step.do == "register" and step.case in ("A岗外出", "B岗顶岗", "来信", "AB岗调整")
    ]
    for step in again:
        office.take(DAYS["BZ"], replace(step, case=f"{step.case}（二）", slip=""))
    office.network()
    desk.now = stand_in.now = office.now
    yield "absence-empty", "/absence", {lang: desk.get("/absence", lang).html for lang in LANGUAGES}
    cases = re.findall(r'name="case" id="[^"]+" value="(\w+)"', desk.get("/absence").html)
    days = {"from": [office.now.date().isoformat()], "to": [(office.now.date() + timedelta(days=5)).isoformat()]}
    typed = {**days, "case": cases[1:], "briefed": ["yes"], "stand_in": ["B"], "do": ["look"]}
    for name, more in (("faults", {}), ("preview", {f"words-{cases[0]}": ["本人在外地继续办理。"]})):
        asked = {lang: Request("POST", "/absence", {}, typed | more, lang) for lang in LANGUAGES}
        yield f"absence-{name}", "/absence", {lang: desk.answer(each).html for lang, each in asked.items()}
    confirmed = {**days, "case": cases[1:], "briefed": ["yes"], "stand_in": ["B"], "do": ["look"]}
    confirmed[f"words-{cases[0]}"] = ["本人在外地继续办理。"]
    seen = re.search(r'name="seen" value="(\w+)"', desk.answer(Request("POST", "/absence", {}, confirmed)).html)
    assert seen
    desk.post("/absence", **{**confirmed, "do": ["confirm"], "seen": [seen[1]]})
    office.network()
    yield "absence-recorded", "/absence", {lang: desk.get("/absence", lang, done="absence").html for lang in LANGUAGES}
    yield "absence-today", "/today", {lang: desk.get("/today", lang).html for lang in LANGUAGES}
    office.network()
    yield "absence-stand-in", "/today", {lang: stand_in.get("/today", lang).html for lang in LANGUAGES}


def kept(office: Office, pack: str) -> Iterator[tuple[str, str, Pages]]:
    """How the cases and visits of a day stand at its end, one of every state."""
    states = set()
    desk = office.desks[LIN]
    desk.now = office.now
    for name, case in office.cases.items():
        state = state_of(office, name)
        if state not in states:
            states.add(state)
            path = f"/cases/{case}"
            yield f"case-{pack}-{state}", path, {lang: desk.get(path, lang).html for lang in LANGUAGES}
    for paper in ("a4", "80mm"):
        path = f"/visits/{list(office.visits.values())[-1]}/record"
        pages = {lang: desk.get(path, lang, paper=paper).html for lang in LANGUAGES}
        yield f"paper-visit-{pack}-{paper}", f"{path}?paper={paper}", pages


def papers() -> Iterator[tuple[str, str, Pages]]:
    """Every printed form on every paper, one that lacks something, one that is printed again."""
    for form, plan in load_prints().items():
        desk, case = city_with("F-01" if form in OF_THE_CITY else form)
        path = f"/slips/{form}/{OF_THE_CITY[form]}" if form in OF_THE_CITY else f"/cases/{case}/slips/{form}"
        for paper in plan.papers:
            pages = {lang: desk.get(path, lang, paper=paper).html for lang in LANGUAGES}
            yield f"paper-{form}-{paper}", f"{path}?paper={paper}", pages
    desk, case = city_with("F-33", without=("opinion",))
    path = f"/cases/{case}/slips/F-33"
    yield "paper-lacking", path, {lang: desk.get(path, lang).html for lang in LANGUAGES}
    desk, case = city_with("F-02")
    path = f"/cases/{case}/slips/F-02"
    desk.post(path, paper="80mm")
    desk.now += timedelta(days=1)
    desk.post(path, paper="80mm")
    yield "paper-again", path, {lang: desk.get(path, lang, paper="80mm").html for lang in LANGUAGES}


def troubles() -> Iterator[tuple[str, str, Pages]]:
    """Every page for what cannot be done."""
    for code in PROBLEMS:
        pages = {lang: problem_page(500, code, lang=lang, reference="K7Q-20251224").html for lang in LANGUAGES}
        yield f"problem-{code}", "/problem", pages


def show(page: Page, name: str, path: str, pages: Pages) -> None:
    """Photographs one page of the city in memory."""
    with served(page, pages):
        shoot(page, name, f"{HOST}{path}", tuple(pages))


@contextmanager
def served(page: Page, pages: Pages) -> Iterator[None]:
    """While it lasts, the host answers with this page, in the language that is asked for, and with the built assets."""

    def answer(route: Route) -> None:
        address = urlsplit(route.request.url)
        if not address.path.startswith("/assets/"):
            lang = parse_qs(address.query).get("lang", ["zh-CN"])[0]
            route.fulfill(status=200, content_type="text/html; charset=utf-8", body=pages[lang])
        elif address.path.endswith(".js"):
            route.abort()
        else:
            file = ROOT / "web" / "dist" / address.path.lstrip("/")
            route.fulfill(content_type=mimetypes.guess_type(file.name)[0] or "", body=file.read_bytes())

    page.route(f"{HOST}/**", answer)
    yield
    page.unroute(f"{HOST}/**")
