"""办件: one case with everything that happened, what it means now and what can lawfully be done next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from py_core.cases.commands import Offered
from py_core.desk import act_view, case_view, secrecy, slips, slips_offered
from py_core.desk.approvals import waiting_words
from py_core.desk.command_words import command_title
from py_core.desk.contradiction_view import contradiction_view
from py_core.desk.frame import page
from py_core.desk.keeping_page import erased_words
from py_core.desk.left_page import show_left
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.steps_now import steps_now, whose_move
from py_core.desk.time_words import unit_term
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_held import open_visit
from py_core.restricted import restriction
from py_core.rules.assessment import Clock
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

# Commands that have a page of their own instead of a generated form.
_OWN_PAGES = frozenset({"register", "resolve_contradiction", "take_late_work", "reveal_field"})


def show_case(turn: Turn, case_id: str) -> Response:
    """The page of one case."""
    opened = turn.open(case_id)
    if opened is None:
        left = turn.store.left().get(case_id)
        return show_left(turn, case_id, left) if left is not None else problem(turn, 404, "unknown_case")
    head = case_view.summary(turn, opened)
    contested = frozenset(key for item in opened.contradictions if item.is_open for key in item.acts)
    steps = steps_now(turn, opened)
    forms = slips_offered.of_acts(turn, opened)
    return page(
        turn,
        "case.html",
        head["title"],
        f"case-{case_id}",
        {
            "head": head,
            "decisions": waiting_words(turn) if turn.request.query.get("done") == ["decision"] else "",
            "newer_app_needed": bool(opened.assessment.problem),
            "owed": head["owed"],
            "breaches": head["breaches"],
            "contradictions": [contradiction_view(turn, opened, item) for item in opened.contradictions],
            "decide_href": f"/centre/reconciliation/{case_id}" if turn.may("decide_contradictions") else "",
            "whose_move": whose_move(turn, opened),
            "actions": actions(turn, steps),
            "restricted": _restricted(turn, opened),
            "evidence_href": f"/cases/{opened.id}/evidence"
            if turn.surroundings.where == "server" and turn.may("export_evidence")
            else "",
            "erased": _erased(turn, opened),
            "hold_href": _hold_href(turn, opened),
            "acts": [
                {
                    **act_view.act_view(turn, opened, recorded, contested),
                    "forms": forms.get(recorded.hash, []),
                }
                for recorded in reversed(opened.acts)
            ],
            "asker": case_view.asker(turn, opened),
            "said": opened.case.value("text") or "",
            "open": opened.assessment.open,
            "facts": _facts(turn, opened),
            "slips": slips.available(turn, opened, steps) if opened.case.registered else [],
            "papers": slips.papers(opened),
            "people": _people(turn, opened),
            "clocks": [
                {
                    "name": case_view.term(turn, opened, f"clock.{clock.name.split(':')[0]}"),
                    "due": language.day_text(turn.lang, clock.due),
                    "basis": clock.article,
                }
                for clock in _clocks(opened)
            ],
            "similar": _similar(turn, opened),
        },
        where="cases",
    )


def _clocks(opened: OpenCase) -> list[Clock]:
    """The limits of the case; the one counted from the call only while it says another day than the main one."""
    clocks = opened.assessment.clocks
    main = {(clock.due, clock.article) for clock in clocks if clock.name == "main"}
    return [clock for clock in clocks if clock.name != "call" or (clock.due, clock.article) not in main]


def _restricted(turn: Turn, opened: OpenCase) -> str:
    """Said above a case that only some may know of."""
    first = opened.acts[0].act
    found = restriction(first.events, first.user, turn.store.packs())
    if found is None:
        return _reporter_still_here(turn, opened)
    if turn.surroundings.where == "device":
        return turn.say(
            N_("Only the discipline desk, the supervision office and you may know of this case. It leaves this device once it is sent.")
        )  # fmt: skip
    return turn.say(N_("Restricted: no device holds this case, and only who may know of it finds it here."))


def _reporter_still_here(turn: Turn, opened: OpenCase) -> str:
    """Said to who took a report down, as long as the device has who made it."""
    rule = secrecy.hiding_rule(turn, opened)
    if rule is None or turn.surroundings.where != "device" or secrecy.hidden_reporter(turn, opened):
        return ""
    return turn.say(
        N_("Who reported it is kept apart from the case (%(article)s) and leaves this device once it is sent; no other device gets it."),
        article=rule.article,
    )  # fmt: skip


def _erased(turn: Turn, opened: OpenCase) -> dict[str, str] | None:
    fact = opened.case.first("content_erased")
    return erased_words(turn, fact) if fact is not None else None


def _hold_href(turn: Turn, opened: OpenCase) -> str:
    """The way to put this case on hold against erasure, for who may."""
    there = turn.surroundings.where == "server" and turn.may("hold_content")
    return f"/centre/keeping/{opened.id}" if there and opened.case.first("content_erased") is None else ""


def actions(turn: Turn, steps: Sequence[Offered]) -> list[dict[str, Any]]:
    """The lawful next steps of this person, those that answer something owed first."""
    offered = [item for item in steps if item.command not in _OWN_PAGES]
    offered.sort(key=lambda item: not item.suggested)
    return [
        {
            "name": item.command,
            "label": command_title(turn, item.command),
            "article": item.article,
            "suggested": item.suggested,
        }
        for item in offered
    ]


def _facts(turn: Turn, opened: OpenCase) -> list[dict[str, str]]:
    case = opened.case
    registered = case.registered
    if registered is None:
        return []
    pack = opened.pack
    offer = case_view.offer_of(turn, case)
    promise = case.value("promise")
    visit = _visit(turn, opened)
    rows = [
        (N_("Rules"), (pack.en if turn.lang == language.EN else pack.zh) if pack else case.pack),
        (N_("Matter"), case_view.matter_name(turn, opened)),
        (N_("Promise"), _period(turn, opened, promise) if promise else ""),
        (N_("Limit written in the instruction"), _explicit(turn, opened)),
        (N_("Legal basis"), offer.basis if offer else ""),
        (N_("How it came"), "" if visit else case_view.term(turn, opened, f"channel.{case.value('channel')}")),
        (
            N_("Kind of request"),
            case_view.term(turn, opened, f"request_kind.{case.value('request_kind')}")
            if case.value("request_kind")
            else "",
        ),
        (N_("Place"), case.value("place") or ""),
        (N_("Registered"), language.moment_text(turn.lang, registered.at)),
        (N_("Unit"), case_view.unit_name(turn, case_view.unit_of(opened))),
    ]
    return visit + [{"label": turn.say(label), "text": str(text)} for label, text in rows if text]


def _visit(turn: Turn, opened: OpenCase) -> list[dict[str, str]]:
    """How a case came that was registered in an enterprise's yard: the visit, with the way to it when it is here."""
    visit_id = str(opened.case.value("visit") or "")
    if not visit_id:
        return []
    fact = {"label": turn.say(N_("How it came")), "text": turn.say(N_("In a visit to the enterprise"))}
    held = open_visit(turn, visit_id)
    return [fact | {"href": f"/visits/{visit_id}"} if held is not None else fact]


def _explicit(turn: Turn, opened: OpenCase) -> str:
    limit = opened.case.value("explicit_limit")
    if not limit:
        return ""
    return language.day_text(turn.lang, limit["until"]) if "until" in limit else _period(turn, opened, limit)


def _period(turn: Turn, opened: OpenCase, promise: Any) -> str:
    period = promise["period"]
    return f"{period.n} {case_view.term(turn, opened, unit_term(period.unit, period.n))}"


def _people(turn: Turn, opened: OpenCase) -> list[dict[str, str]]:
    case = opened.case
    registered = case.registered
    if registered is None:
        return []
    taken = case_view.taken(case)
    if opened.assessment.responsible == "receiving_unit":
        taken = None  # it was handed over since, and nobody there handles it yet
    claimant = case.value("claimant")
    first = case_view.first_responder(turn, opened)
    rows: list[tuple[str, str | dict[str, str]]] = [
        (turn.say(N_("Claimant")), _who_asks(turn, opened)),
        (turn.say(N_("Kind")), case_view.term(turn, opened, f"claimant.{claimant}") if claimant else ""),
        (turn.say(N_("Phone")), secrecy.number_of(turn, opened, "claimant_phone")),
        (turn.say(N_("ID number or credit code")), secrecy.number_of(turn, opened, "claimant_id")),
        (turn.say(N_("Address")), secrecy.claimant(turn, opened, "claimant_address") or ""),
        *_complainers(turn, opened),
        (turn.say(N_("Registered by")), _officer(turn, registered.user) if registered.user != first else ""),
        (case_view.term(turn, opened, "role.first_responder"), _officer(turn, first) if first else ""),
        (case_view.term(turn, opened, "role.handler"), _officer(turn, taken.user) if taken else ""),
        (case_view.term(turn, opened, "role.assist_unit"), _assisting(turn, opened)),
        (turn.say(N_("Responsible now")), case_view.responsible(turn, opened) if opened.assessment.open else ""),
    ]
    shown = [(label, text if isinstance(text, dict) else {"text": text}) for label, text in rows]
    return [{"label": label, **row} for label, row in shown if row["text"]]


def _assisting(turn: Turn, opened: OpenCase) -> str:
    """Who took the part of a unit beside the one that answers."""
    users = dict.fromkeys(fact.user for fact in case_view.assisting(opened.case))
    return turn.say(N_("; ")).join(_officer(turn, user) for user in users)


def _who_asks(turn: Turn, opened: OpenCase) -> dict[str, str]:
    """The name; of a hidden reporter that it is kept secret, with the way to the city record's own page for who may ask."""
    hidden = secrecy.hidden_reporter(turn, opened)
    name = str(secrecy.claimant(turn, opened, "claimant_name") or "")
    row = {"text": turn.say(N_("kept secret (%(article)s)"), article=hidden) if hidden else name}
    if secrecy.may_ask_reporter(turn, opened):
        row |= {"href": f"/centre/reporter/{opened.id}", "link": turn.say(N_("Who reported it"))}
    return row


def _complainers(turn: Turn, opened: OpenCase) -> list[tuple[str, str | dict[str, str]]]:
    """Who complained, where that stands beside the case: here as long as it waits, else the way to the city record."""
    rule = secrecy.complainer_rule(turn, opened)
    rows: list[tuple[str, str | dict[str, str]]] = []
    for fact in opened.case.all("complaint_filed"):
        document = str(fact.data.get("beside") or "")
        if not document or rule is None:
            continue
        is_waiting = turn.surroundings.where == "device"  # at the record it has a page of its own
        name = str(secrecy.beside(turn, opened.id, document).get("claimant_name") or "") if is_waiting else ""
        row = {"text": name or turn.say(N_("kept secret (%(article)s)"), article=rule.article)}
        if secrecy.may_ask_complainer(turn, opened, fact.user):
            row |= {"href": f"/centre/reporter/{document}", "link": turn.say(N_("Who complained"))}
        rows.append((turn.say(N_("Complained")), row))
    return rows


def _officer(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    if person is None:
        return user
    return " · ".join(part for part in (person.name, person.title, case_view.unit_name(turn, person.unit)) if part)


def _similar(turn: Turn, opened: OpenCase) -> list[dict[str, str]] | None:
    found = turn.store.similar(opened.id)
    if found is None:
        return None
    rows = []
    for item in found:
        other = turn.open(item.case_id)
        if other is None or other.case.registered is None:
            continue
        rows.append(
            {
                "id": item.case_id,
                "title": case_view.title_of(turn, other),
                "state": case_view.state_name(turn, other)
                + " · "
                + language.day_text(turn.lang, local(other.case.registered.at).date()),
                "shared": turn.say(N_(", ")).join(item.shared[:5]),
            }
        )
    return rows
