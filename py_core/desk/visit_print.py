"""The record of a visit and the receipt that stays with the enterprise: A4 or an 80 mm strip, a code for each request.

Chinese is the official text; the English interface gets the English beside it, as on the other forms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from py_core.desk import case_view, visit_view
from py_core.desk.attached_view import signature_views
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.receipt_code import check_code
from py_core.desk.slips_subject import Sheet
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_held import OpenVisit, open_visit
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_
from py_core.views.qr import qr_svg
from py_core.visits import CANCELLED, PLANNED

PAPERS = ("a4", "80mm")
_PAPER_NAMES = {"a4": N_("Record, A4 sheet"), "80mm": N_("Receipt, 80 mm strip")}
_TITLES = {"a4": N_("Record of a visit to an enterprise"), "80mm": N_("Receipt of a visit")}

Words = dict[str, str]
"""A text in Chinese, and in English where the sheet has both and they differ."""


def show_record(turn: Turn, visit_id: str) -> Response:
    """The sheet ready to print; a visit that has not begun has nothing to hand over."""
    opened = open_visit(turn, visit_id)
    if opened is None or opened.visit.planned is None:
        return problem(turn, 404, "unknown_visit")
    if opened.visit.state in (PLANNED, CANCELLED):
        return problem(turn, 409, "visit_not_begun", href=f"/visits/{visit_id}")
    asked = (turn.request.query.get("paper") or [""])[-1]
    paper = asked if asked in PAPERS else PAPERS[0]
    number = opened.visit.value("number")
    return page(
        turn,
        "visit_record.html",
        f"{turn.say(_TITLES[paper])} {number}",
        f"visit-record-{paper}",
        {
            "back": f"/visits/{visit_id}",
            "back_title": opened.visit.value("enterprise"),
            "number": number,
            "paper_size": paper,
            "papers": [
                {"href": f"{turn.request.path}?paper={each}", "label": turn.say(label), "current": each == paper}
                for each, label in _PAPER_NAMES.items()
            ],
            "sheet": _sheet(turn, opened, paper),
        },
        where="visits",
    )


def _sheet(turn: Turn, opened: OpenVisit, paper: str) -> dict[str, Any]:
    both = turn.lang == language.EN
    chinese, english = _speaking(turn, language.ZH), _speaking(turn, language.EN)

    def words(make: Callable[[Turn], str]) -> Words:
        zh = make(chinese)
        en = make(english) if both else ""
        return {"zh": zh, "en": en if en != zh else ""}

    visit = opened.visit
    unit = turn.directory.units.get(visit.value("unit"))
    signature = visit.signature
    return {
        "title": words(lambda t: t.say(_TITLES[paper])),
        "unit": words(lambda t: case_view.official_name(t, visit.value("unit"))),
        "number": visit.value("number"),
        "both": both,
        "rows": [
            {"label": words(lambda t, label=label: t.say(label)), "text": words(text)}  # type: ignore[misc]
            for label, text in _rows(opened)
            if (paper == "a4" or label in _ON_RECEIPT) and text(chinese)
        ],
        "requests": [_request(turn, row, words) for row in visit_view.requests(turn, opened)],
        "papers": [visit_view.paper_row(turn, each) for each in visit.papers],
        "signed": _signed(turn, opened, words),
        "unsigned_lines": signature is None,
        "complaints": words(lambda t: t.say(N_("Complaints: %(phone)s"), phone=unit.complaint_phone))
        if unit is not None and unit.complaint_phone
        else None,
        "date": words(lambda t: t.say(N_("Printed on %(day)s"), day=Sheet(t).day(local(turn.surroundings.now).date()))),
        "words": {
            name: words(lambda t, text=text: t.say(text))  # type: ignore[misc]
            for name, text in _LABELS.items()
        },
        "no_requests": not visit.requests,
    }


_LABELS = {
    "no_number": N_("none"),
    "requests": N_("Requests"),
    "scan": N_("Scan each code to see the progress and due date of the request."),
    "none": N_("No request was made."),
    "paper": N_("Paper"),
    "taken": N_("Taken"),
    "returned": N_("Given back"),
    "held": N_("With the office"),
    "request": N_("Request"),
    "enterprise_signs": N_("For the enterprise"),
    "officers_sign": N_("Visiting officers"),
    "due": N_("Due"),
}


# What stays with the enterprise says who was there and when; the rest it knows.
_ON_RECEIPT = frozenset({"Enterprise", "Began at", "Visiting officers"})


def _rows(opened: OpenVisit) -> list[tuple[str, Callable[[Turn], str]]]:
    visit = opened.visit
    started, finished = visit.first("visit_started"), visit.first("visit_finished")
    met = str(started.data.get("met") or "") if started else ""
    summaries = "\n".join(str(fact.data["summary"]) for fact in visit.all("visit_finished"))
    return [
        (N_("Enterprise"), lambda t: visit.value("enterprise")),
        (N_("Unified social credit code"), lambda t: visit.value("code")),
        (N_("Address"), lambda t: visit.value("address")),
        (N_("Received by"), lambda t: met or visit.value("contact")),
        (N_("Began at"), lambda t: Sheet(t).moment(started.at) if started else ""),
        (N_("Ended at"), lambda t: Sheet(t).moment(finished.at) if finished else ""),
        (N_("Visiting officers"), lambda t: _officers(t, opened)),
        (N_("Purpose"), lambda t: visit.value("purpose")),
        (N_("Summary"), lambda t: summaries),
    ]


def _officers(turn: Turn, opened: OpenVisit) -> str:
    known = turn.directory.people
    told = [
        " ".join(part for part in (known[user].name, known[user].phone) if part) if user in known else user
        for user in opened.visit.officers
    ]
    return "、".join(told)  # names are Chinese in both languages, and are told once


# Why no date stands beside a request: who holds the paper must not think that it was forgotten.
_NO_DUE_YET = {
    **dict.fromkeys(
        ("registered", "scope_pending", "handover_pending", "lead_pending"),
        N_("The time limit will be told when it is accepted."),
    ),
    "correction_pending": N_("The time limit begins when the papers are complete."),
}


_NO_LIMIT = N_("The rules set no time limit for this matter.")
_TOLD_LATER = N_("The time limit will be told separately.")


def _no_due(turn: Turn, opened: OpenCase) -> str:
    """The message id that says why an open request has no date: only of a matter without a limit that it has none."""
    pack, case = opened.pack, opened.case
    matter = pack.matters.get(case.matter) if pack else None
    unlimited = matter is not None and matter.clock == "none" and case.value("explicit_limit") is None
    return _NO_DUE_YET.get(opened.assessment.state, _NO_LIMIT if unlimited else _TOLD_LATER)


def _request(turn: Turn, row: dict[str, Any], words: Callable[[Callable[[Turn], str]], Words]) -> dict[str, Any]:
    """One request with the code that leads its holder to its state."""
    case = turn.open(row["id"])
    if case is None:
        return {**row, "title": row["title"], "due_words": None, "no_due": None, "check": "", "qr": None}
    code = check_code(case.id, case.number)
    query = urlencode({"n": case.number, "c": code})
    address = f"{turn.directory.public_url}/public/status?{query}"
    limit = case.assessment.limit
    due = limit.due if limit else None
    return {
        **row,
        "due_words": words(lambda t: Sheet(t).day(due)) if due is not None else None,
        "no_due": words(lambda t: t.say(_no_due(t, case))) if due is None and case.assessment.open else None,
        "check": words(
            lambda t: t.say(N_("Case number %(number)s, check code %(code)s"), number=case.number, code=code)
        ),
        "qr": qr_svg(
            address, turn.say(N_("QR code that leads to the state of request %(number)s"), number=case.number)
        ),
    }


def _signed(turn: Turn, opened: OpenVisit, words: Callable[[Callable[[Turn], str]], Words]) -> dict[str, Any] | None:
    fact = opened.visit.signature
    if fact is None:
        return None
    data = fact.data
    return {
        "who": str(data.get("signer") or ""),
        "drawn": signature_views(turn, [data["strokes"]])[0] if data.get("strokes") else None,
        "reason": words(lambda t: t.say(N_("Not signed: %(reason)s"), reason=data["unsigned_reason"]))
        if not data["signed"]
        else None,
        "when": words(lambda t: Sheet(t).moment(fact.at)),
    }


def _speaking(turn: Turn, lang: str) -> Turn:
    return turn if turn.lang == lang else replace(turn, request=replace(turn.request, lang=lang))
