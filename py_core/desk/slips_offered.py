"""Which forms fit a case now: issued, can be issued, or not yet and why. Reads offers and gates; prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from py_core.cases.commands import COMMAND_OF, COMMANDS, Offered
from py_core.cases.commands.gates import check
from py_core.cases.state import Fact
from py_core.desk import case_view
from py_core.desk.command_words import command_title, shown_params, with_article
from py_core.desk.steps_now import steps_now
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.packs import Pack, UnknownName
from py_core.packs.prints import Print, load_prints
from py_core.rules.situation import look
from py_core.views import language
from py_core.views.language import N_

ON_SITE = ("walk_in", "visit")


@dataclass(frozen=True, slots=True)
class Issuable:
    """The step that would issue a form now, or why there is none."""

    command: str = ""
    why: str = ""
    article: str = ""


def fits(turn: Turn, opened: OpenCase, plan: Print) -> bool:
    """Whether a form belongs to this case at all: its regulation knows it and the case is of that kind."""
    pack = opened.pack
    if plan.subject != "case" or pack is None or pack.id not in plan.form.sources or opened.case.registered is None:
        return False
    return _WHEN[plan.when](pack, opened) if plan.when else True


def issuing_facts(opened: OpenCase, plan: Print) -> list[Fact]:
    """The acts that issued a form, the oldest first."""
    return [fact for fact in opened.case.facts if fact.type in plan.events and _issues(opened, fact)]


def issuable(turn: Turn, opened: OpenCase, plan: Print, offered: Mapping[str, str]) -> Issuable:
    """Which step issues a form that is not there yet; `offered` are the lawful steps of this person."""
    commands = dict.fromkeys((plan.command, *(COMMAND_OF[event] for event in plan.events)))
    for command in commands:
        if command in offered:
            return Issuable(command, article=offered[command])
    if not plan.command:
        return Issuable(why=turn.say(N_("nothing has happened yet that makes it necessary")))
    spec = COMMANDS[plan.command]
    pack = opened.pack
    if not turn.roles.intersection(spec.roles):
        roles = turn.say(N_(", ")).join(case_view.term(turn, opened, f"role.{role}") for role in spec.roles)
        return Issuable(why=turn.say(N_("to be recorded by: %(roles)s"), roles=roles))
    context = turn.law(opened.case)
    try:
        check(spec.event, look(opened.case, turn.packs, context.calendar, context.happened_at, context.policies), None)
    except (Refused, UnknownName) as error:
        if isinstance(error, Refused):
            params = shown_params(turn, pack, error.params)
            return Issuable(why=language.translate(turn.lang, error.message, params), article=error.article)
    state = case_view.state_name(turn, opened)
    return Issuable(why=turn.say(N_("the case stands at “%(state)s”"), state=state))


def offers_of(turn: Turn, opened: OpenCase) -> dict[str, str]:
    """The lawful steps of this person with their articles."""
    return {item.command: item.article for item in steps_now(turn, opened)}


def available(turn: Turn, opened: OpenCase, steps: Sequence[Offered]) -> list[dict[str, str]]:
    """The forms of a case for its page: exactly those that have something to do with it now. `steps` are `steps_now`."""
    if opened.case.first("content_erased") is not None:
        return []  # nothing is left to stand on them
    plans = [plan for plan in load_prints().values() if fits(turn, opened, plan)]
    if not plans:
        return []
    offered = {item.command: item.article for item in steps}
    suggested = {item.command for item in steps if item.suggested}
    rows = []
    for plan in plans:
        facts = issuing_facts(opened, plan)
        commands = {plan.command, *(COMMAND_OF[event] for event in plan.events)}
        if facts:
            rows.append(_issued(turn, opened, plan, facts[-1], len(facts)))
        elif commands & suggested or any(opened.case.first(event) for event in plan.after):
            row = _not_issued(turn, opened, plan, issuable(turn, opened, plan, offered))
            if row["state"] == "possible" or not opened.assessment.closed:  # what never comes is not “not yet”
                rows.append(row)
    return sorted(rows, key=lambda row: ("issued", "possible", "waiting").index(row["state"]))


def of_acts(turn: Turn, opened: OpenCase) -> dict[str, list[dict[str, str]]]:
    """The forms that each act issued, by its hash, for its place in the timeline."""
    found: dict[str, list[dict[str, str]]] = {}
    if opened.case.first("content_erased") is not None:
        return found
    for plan in load_prints().values():
        if fits(turn, opened, plan):
            for act in dict.fromkeys(fact.act for fact in issuing_facts(opened, plan)):
                href = f"/cases/{opened.id}/slips/{plan.form.id}?act={act[:12]}"
                found.setdefault(act, []).append({"form": plan.form.id, "name": _name(turn, plan), "href": href})
    return found


def _issued(turn: Turn, opened: OpenCase, plan: Print, fact: Fact, times: int) -> dict[str, str]:
    note = turn.say(N_("ready to print"))
    if not plan.original:
        note = turn.say(N_("issued %(when)s"), when=language.moment_text(turn.lang, fact.at))
        if times > 1:
            note = turn.say(N_("%(note)s, %(times)d in all"), note=note, times=times)
    return {
        "form": plan.form.id,
        "name": _name(turn, plan),
        "href": f"/cases/{opened.id}/slips/{plan.form.id}",
        "note": note,
        "state": "issued",
    }


def _not_issued(turn: Turn, opened: OpenCase, plan: Print, found: Issuable) -> dict[str, str]:
    if found.command:
        return {
            "form": plan.form.id,
            "name": _name(turn, plan),
            "href": f"/cases/{opened.id}/do/{found.command}",
            "note": turn.say(N_("comes with “%(step)s”"), step=command_title(turn, found.command)),
            "state": "possible",
        }
    return {
        "form": plan.form.id,
        "name": _name(turn, plan),
        "href": "",
        "note": turn.say(N_("not yet; %(why)s"), why=with_article(turn, found.why, found.article)),
        "state": "waiting",
    }


def _name(turn: Turn, plan: Print) -> str:
    return plan.form.en if turn.lang == language.EN else plan.form.zh


def _issues(opened: OpenCase, fact: Fact) -> bool:
    if fact.type == "procedure_started":
        return bool(fact.data.get("told"))
    # The form belongs to the case's first registration; a further caller's is only linked to it.
    return fact.type != "registered" or fact is opened.case.registered


def _filed(pack: Pack, opened: OpenCase) -> bool:
    return opened.case.value("claimant") in pack.refusal_filing_for or bool(opened.case.first("refusal_proposed"))


_WHEN: Mapping[str, Callable[[Pack, OpenCase], bool]] = {
    "on_site": lambda pack, opened: opened.case.value("channel") in ON_SITE,
    "receipt": lambda pack, opened: (
        bool(opened.case.first("receipt_issued")) or opened.case.value("channel") in pack.receipt_channels
    ),
    "papers_lacking": lambda pack, opened: (
        bool(opened.case.first("correction_notified"))
        or any(fact.data.get("complete") is False for fact in opened.case.all("materials_received"))
    ),
    "with_filing": _filed,
    "without_filing": lambda pack, opened: not _filed(pack, opened),
    "instruction": lambda pack, opened: opened.case.matter.startswith("instruction"),
    "request_document": lambda pack, opened: opened.case.matter == "request_document",
    "deemed": lambda pack, opened: "deemed_consent" in opened.assessment.overlays,
}
CONDITIONS = frozenset(_WHEN)
