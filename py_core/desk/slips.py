"""Forms on paper: the page of one form ready to print, or the one that names what is missing and where to record it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from py_core.cases.commands import COMMANDS, Command, decide
from py_core.desk import case_view, secrecy
from py_core.desk.command_words import command_title, with_article
from py_core.desk.frame import page, redirect
from py_core.desk.ports import Response
from py_core.desk.problems import problem, refusal
from py_core.desk.recording import new_act
from py_core.desk.slips_city import own_posts
from py_core.desk.slips_offered import available, fits, issuable, issuing_facts, offers_of
from py_core.desk.slips_sheet import Missing, fill
from py_core.desk.slips_sources import papers_of
from py_core.desk.slips_subject import Sheet, about_case
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.packs.prints import Print, load_prints
from py_core.views import language
from py_core.views.language import N_

__all__ = ["available", "papers", "show_index", "show_sheet", "show_slip", "take_print"]

CONTENT_ERASED = N_("The content of this case was erased after its period: there is nothing left to print.")
NO_OWN_POST = N_(
    "The holder of post A hands work over with it to the holder of post B, and the city's list has you as the holder of no post A today. The administrator keeps that list."
)
_PAPER_NAMES = {"a4": N_("A4 sheet"), "80mm": N_("80 mm receipt")}
# Registers of the city in which an entry of a form stands that no step of a case records.
_REGISTERS = {
    "register": N_("It belongs to the registration. Register the contact again with it; the centre joins the two."),
    "offers": N_("It belongs to the published promise of this service. Ask the centre to complete it there."),
    "people": N_("It belongs to the city's list of people and posts. Ask the administrator to complete it there."),
    "units": N_("It belongs to the city's list of units. Ask the administrator to complete it there."),
}


def show_slip(turn: Turn, case_id: str, form: str) -> Response:
    """A form of a case ready to print; `?act=` picks one of several that were issued."""
    opened = turn.open(case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    plan = load_prints().get(form)
    if plan is None or plan.subject != "case" or opened.case.registered is None:
        return problem(turn, 404, "unknown_page")
    back = f"/cases/{case_id}"
    if opened.case.first("content_erased") is not None:
        return _refused(turn, plan, turn.say(CONTENT_ERASED), [], back)
    if not fits(turn, opened, plan):
        return _refused(turn, plan, turn.say(N_("This form does not belong to this case.")), [], back)
    wanted = (turn.request.query.get("act") or [""])[-1]
    facts = issuing_facts(opened, plan)
    fact = next((item for item in reversed(facts) if item.act.startswith(wanted)), None)
    if fact is None:
        return _not_issued(turn, opened, plan)
    sheet = replace(about_case(turn, opened, fact), form=form)
    title = case_view.title_of(turn, opened)
    return _answer(turn, plan, sheet, back, title, {"act": wanted} if wanted else {})


def take_print(turn: Turn, case_id: str, form: str) -> Response:
    """Records that a form of a case is printed, then shows it with the numbers that its article asks for."""
    shown = show_slip(turn, case_id, form)
    opened = turn.open(case_id)
    if opened is None or shown.status != 200:
        return shown
    query = {key: (turn.request.form.get(key) or [""])[-1] for key in ("paper", "act")}
    chosen = "".join(f"&{key}={text}" for key, text in query.items() if re.fullmatch(r"[0-9a-z]{1,64}", text))
    location = f"/cases/{case_id}/slips/{form}?done=print{chosen}"
    if secrecy.printed_lately(turn, opened, form):  # the same sheet, a moment ago: one act for both
        return redirect(location)
    try:
        events = decide(opened.case, Command("print_form", {"form": form}), turn.law(opened.case))
    except Refused as refused:
        return refusal(turn, refused, f"/cases/{case_id}", opened.pack)
    act = new_act(turn, case_id, "print_form", events, turn.surroundings.now)
    return Response(303, location=location, acts=(act,))


def show_sheet(turn: Turn, form: str, of: str) -> Response:
    """A form about an entry of the city's directory: a service, a unit, a person."""
    plan = load_prints().get(form)
    if plan is None or plan.subject == "case":
        return problem(turn, 404, "unknown_page")
    directory = turn.directory
    own = directory.units.get(turn.person.unit) if turn.person else None
    offer, unit, person = directory.offers.get(of), directory.units.get(of), directory.people.get(of)
    if plan.subject == "offer" and offer is not None and offer.pack in plan.form.sources:
        unit = own if own and (not offer.units or own.id in offer.units) else None
        unit = unit or next((directory.units[key] for key in offer.units if key in directory.units), own)
        sheet = Sheet(turn, offer=offer, unit=unit)
    elif plan.subject == "unit" and unit is not None:
        sheet = Sheet(turn, unit=unit)
    elif plan.subject == "person" and person is not None:
        if form == "F-23" and of != turn.identity.user:
            return problem(turn, 403, "not_allowed")  # it lists the open cases of that person
        sheet = Sheet(turn, person=person, unit=directory.units.get(person.unit))
        if form == "F-23" and not own_posts(sheet):
            return _refused(turn, plan, turn.say(NO_OWN_POST), [], "/slips")
    else:
        return problem(turn, 404, "unknown_page")
    return _answer(turn, plan, sheet, "/slips", turn.say(N_("Forms")), {})


def show_index(turn: Turn) -> Response:
    """The forms that belong to no case: of the person's own unit, its services and its people."""
    english, unit, directory = turn.lang == language.EN, turn.unit, turn.directory
    plans = load_prints().values()
    groups: list[dict[str, Any]] = []
    hands_over = turn.person is not None and bool(own_posts(Sheet(turn, person=turn.person)))

    def group(title: str, subject: str, entries: list[tuple[str, str]]) -> None:
        forms = [plan for plan in plans if plan.subject == subject]
        packs = {offer.id: offer.pack for offer in directory.offers.values()} if subject == "offer" else {}
        rows = [
            {
                "name": name,
                "forms": [
                    {"id": plan.form.id, "name": plan.form.en if english else plan.form.zh, "of": key}
                    for plan in forms
                    if (plan.form.id != "F-23" or (key == turn.identity.user and hands_over))
                    and (key not in packs or packs[key] in plan.form.sources)
                ],
            }
            for key, name in entries
        ]
        rows = [row for row in rows if row["forms"]]
        if rows:
            groups.append({"title": title, "rows": rows})

    if unit is not None:
        group(turn.say(N_("Unit")), "unit", [(unit.id, unit.en if english else unit.zh)])
        people = [person for person in turn.people if person.unit == unit.id]
        people.sort(key=lambda person: person.id != turn.identity.user)
        group(turn.say(N_("People")), "person", [(person.id, f"{person.name} {person.title}") for person in people])
        offers = [offer for offer in directory.offers.values() if not offer.units or unit.id in offer.units]
        group(turn.say(N_("Services")), "offer", [(offer.id, offer.en if english else offer.zh) for offer in offers])
    return page(turn, "slips_index.html", turn.say(N_("Forms")), "slips", {"groups": groups}, where="slips")


def papers(opened: OpenCase) -> list[dict[str, str]]:
    """The papers that were received so far, with their copies."""
    return [{"name": name, "second": str(copies)} for name, copies in papers_of(opened.case)]


def _answer(turn: Turn, plan: Print, sheet: Sheet, back: str, title: str, query: dict[str, str]) -> Response:
    slip, missing = fill(plan, sheet)
    if missing:
        why = turn.say(N_("Required content is missing."))
        return _refused(turn, plan, why, [_lacking(turn, sheet, item) for item in missing], back)
    paper = (turn.request.query.get("paper") or [""])[-1]
    paper = paper if paper in plan.papers else plan.papers[0]
    name = plan.form.en if turn.lang == language.EN else plan.form.zh
    recorded = sheet.opened is not None
    choice = "".join(f"&{key}={text}" for key, text in query.items())
    return page(
        turn,
        "slip.html",
        f"{name} {slip['number']}",
        f"slip-{plan.form.id}-{paper}",
        {
            "back": back,
            "back_title": title,
            "paper_size": paper,
            "papers": [
                {
                    "href": f"{turn.request.path}?paper={each}{choice}",
                    "label": turn.say(_PAPER_NAMES[each]),
                    "current": each == paper,
                }
                for each in plan.papers
            ],
            "slip": slip,
            "recorded": recorded,
            "masks": any(field.source == "contact" for field in plan.fields),
            "action": turn.request.path,
            "print_now": recorded and (turn.request.query.get("done") or [""])[-1] == "print",
            "query": {"paper": paper, **query},
            "name": name,
        },
        where="cases" if sheet.opened else "slips",
    )


def _lacking(turn: Turn, sheet: Sheet, item: Missing) -> dict[str, str]:
    label = item.label[1] if turn.lang == language.EN else item.label[0]
    if item.record_at in COMMANDS or item.record_at in _REGISTERS:
        command = item.record_at if item.record_at in COMMANDS and item.record_at != "register" else ""
    else:
        command = _command_of(item.record_at)
    href = f"/cases/{sheet.opened.id}/do/{command}" if command and sheet.opened else ""
    where = "" if command else turn.say(_REGISTERS[item.record_at])
    return {
        "label": label,
        "article": item.article,
        "href": href,
        "link": command_title(turn, command) if command else "",
        "where": where,
    }


def _command_of(event: str) -> str:
    return next(spec.name for spec in COMMANDS.values() if spec.event == event)


def _not_issued(turn: Turn, opened: OpenCase, plan: Print) -> Response:
    """The form has no act yet: which step issues it, or why none can."""
    found = issuable(turn, opened, plan, offers_of(turn, opened))
    lacking: list[dict[str, str]] = []
    why = turn.say(N_("It was not issued yet."))
    if found.command:
        lacking.append(
            {
                "label": turn.say(N_("the act of issuing it")),
                "article": found.article,
                "href": f"/cases/{opened.id}/do/{found.command}",
                "link": command_title(turn, found.command),
                "where": "",
            }
        )
    elif found.why:
        why = turn.say(N_("not yet; %(why)s"), why=with_article(turn, found.why, found.article))
    return _refused(turn, plan, why, lacking, f"/cases/{opened.id}")


def _refused(turn: Turn, plan: Print, why: str, lacking: list[dict[str, str]], back: str) -> Response:
    name = plan.form.en if turn.lang == language.EN else plan.form.zh
    return page(
        turn,
        "slip_refused.html",
        turn.say(N_("“%(slip)s” cannot be printed yet"), slip=name),
        "slip-refused",
        {"why": why, "lacking": lacking, "back": back, "form": plan.form.id},
        status=409,
        where="slips" if back == "/slips" else "cases",
    )
