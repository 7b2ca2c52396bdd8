"""A case as pages show it: its light and due date, who answers, what is owed. Reads the assessment, decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from py_core.cases.state import Case, Fact
from py_core.desk import secrecy
from py_core.desk.city_words import cause_of
from py_core.desk.glance import unseen_changes
from py_core.desk.turn import OpenCase, Turn
from py_core.directory import Offer
from py_core.rules.absences import away_on
from py_core.rules.assessment import Assessment
from py_core.rules.reading import Reading
from py_core.rules.situation import look
from py_core.values import local
from py_core.views import language
from py_core.views.explain import explain
from py_core.views.language import N2_, N_
from py_core.views.masking import mask_phone
from py_core.visits import is_visit_id

LIGHTS = ("overdue", "red", "orange", "yellow", "green", "paused", "none", "kept", "kept_late", "met", "met_late")
_WARN_OVERLAYS = frozenset({"overdue", "supervised", "urgent", "deemed_consent", "accountability"})


def title_of(turn: Turn, opened: OpenCase) -> str:
    """The case's subject; what it is about when no subject was written."""
    if opened.glance.erased:
        return turn.say(N_("Case %(number)s (content erased)"), number=opened.number)
    return opened.glance.title or turn.say(N_("Case %(number)s"), number=opened.number)


def term(turn: Turn, opened: OpenCase, key: str) -> str:
    """A term of law in the pack's own words; the common words for a pack that this version does not know."""
    pack = turn.pack_named(opened.glance) or next(iter(turn.packs.values()))
    return pack.term(key, turn.lang)


def brief(turn: Turn, opened: OpenCase) -> dict[str, Any]:
    """What every short row of a case shows: its link, number, title, light and state."""
    return {
        "id": opened.id,
        "number": opened.number,
        "title": title_of(turn, opened),
        "light": opened.glance.light,
        "state": state_name(turn, opened),
    }


def state_name(turn: Turn, opened: OpenCase) -> str:
    """The main-line state in the words of law; says so when this version cannot read the case."""
    state = opened.glance.state
    return term(turn, opened, f"state.{state}") if state else turn.say(N_("Not readable with this version"))


def matter_name(turn: Turn, opened: OpenCase) -> str:
    """The published name of what is asked for, or the matter type in the pack's words."""
    case = opened.glance
    offer = turn.directory.offers.get(case.offer)  # a service keeps its name from one version to the next
    if offer:
        return offer.en if turn.lang == language.EN else offer.zh
    pack = turn.pack_named(case)
    if pack is None or case.matter not in pack.matters:
        return case.matter
    matter = pack.matters[case.matter]
    return matter.en if turn.lang == language.EN else matter.zh


def offer_of(turn: Turn, case: Case) -> Offer | None:
    """The promise that this case was registered under, not a later version of it (P-13)."""
    return turn.directory.offer_of(case.value("offer") or "", case.value("offer_version"))


def unit_name(turn: Turn, unit_id: str | None) -> str:
    unit = turn.directory.units.get(unit_id or "")
    if unit is None:
        return unit_id or ""
    return unit.en if turn.lang == language.EN else unit.zh


def official_name(turn: Turn, unit_id: str | None) -> str:
    """A unit with its city before it, as documents name who issues them: 澄江市 and 市水利局 are 澄江市水利局."""
    english = turn.lang == language.EN
    city = turn.directory.city_en if english else turn.directory.city_zh
    unit = unit_name(turn, unit_id)
    if not unit or unit.startswith(city):
        return unit or city
    return f"{city} · {unit}" if english else city + unit.removeprefix(city[-1:])


def asker(turn: Turn, opened: OpenCase) -> str:
    """Who asks and about which place, in one line; the phone stays masked, a hidden reporter hidden."""
    case = opened.case
    name, phone = (secrecy.claimant(turn, opened, field) or "" for field in ("claimant_name", "claimant_phone"))
    parts = (name, mask_phone(phone), case.value("place"))
    return " · ".join(str(part) for part in parts if part)


def is_finished(opened: OpenCase) -> bool:
    """Whether the case needs nobody any more: nothing runs, nothing is owed, nothing is contradictory."""
    return not opened.glance.open


def days_left(turn: Turn, due: date | None, unit: str) -> str:
    """How far off a due date is, in working days of the unit that has the case."""
    if due is None:
        return ""
    today = local(turn.surroundings.now).date()
    if due == today:
        return turn.say(N_("due today"))
    if due > today:
        n = turn.rules.calendar_of(unit).workdays_between(today, due)
        return turn.count(N2_("%(n)d working day left", "%(n)d working days left"), n)
    n = turn.rules.calendar_of(unit).workdays_between(due, today)
    if n == 0:
        return turn.say(N_("the day has ended"))
    return turn.count(N2_("%(n)d working day late", "%(n)d working days late"), n)


def due_said(turn: Turn, found: Assessment) -> str:
    """The due date with its word: whether it runs, was met before its day came, or is past."""
    if found.due is None:
        return ""
    due = language.day_text(turn.lang, found.due)
    if found.light not in ("met", "met_late"):  # the limit; something may still be owed
        return turn.say(N_("due %(due)s"), due=due)
    if found.due >= local(turn.surroundings.now).date():
        return turn.say(N_("limit met (due %(due)s)"), due=due)
    return turn.say(N_("was due %(due)s"), due=due)


def summary(turn: Turn, opened: OpenCase) -> dict[str, Any]:
    """Light, due date, duty, who answers, what is owed: the same on Today, in the head of a case and on lists."""
    found = opened.assessment
    pack = opened.pack
    light = opened.glance.light
    running = light in ("overdue", "red", "orange", "yellow", "green")
    return {
        "id": opened.id,
        "number": opened.number,
        "title": title_of(turn, opened),
        "matter": matter_name(turn, opened),
        "light": light,
        "due": language.day_text(turn.lang, found.due) if found.due else "",
        "due_said": due_said(turn, found),
        "left": days_left(turn, found.due, unit_of(opened)) if running else "",
        "provisional": found.provisional,
        "state": state_name(turn, opened),
        "duty": duty_name(turn, opened),
        "claimant": secrecy.claimant(turn, opened, "claimant_name") or "",
        "responsible": responsible(turn, opened),
        "article": found.principal.article if found.principal else "",
        "overlays": [
            {"text": term(turn, opened, f"overlay.{name}"), "warn": name in _WARN_OVERLAYS}
            for name in found.overlays
            if name not in ("provisional", "overdue")
        ],
        "owed": [term(turn, opened, f"owed.{name}") for name in found.owed if name != found.duty],
        "breaches": [
            {"code": breach.code, "article": breach.article, "text": breach_text(turn, breach.code)}
            for breach in found.breaches
        ],
        "contradictions": [
            term(turn, opened, f"contradiction.{item.code}") for item in opened.contradictions if item.is_open
        ],
        "changes": [change_text(turn, opened, fact) for fact in unseen_changes(opened.case, opened.acts)],
        "steps": explain(found.steps, turn.lang, pack),
        "only_here": sum(recorded.received_at is None for recorded in opened.acts),
    }


def duty_name(turn: Turn, opened: OpenCase) -> str:
    """What is to be done now: the duty whose limit runs or who decides next, after it what is still owed to the person."""
    found = opened.assessment
    if (
        found.owed
        and found.principal is not None
        and not found.principal.running
        and found.duty == found.principal.duty
    ):
        return term(turn, opened, f"owed.{found.owed[0]}")
    return term(turn, opened, f"duty.{found.duty}") if found.duty else ""


def responsible(turn: Turn, opened: OpenCase) -> str:
    """The role that answers now, with the person or unit that holds it when the case names one."""
    role = opened.assessment.responsible
    if not role:
        return ""
    name = term(turn, opened, f"role.{role}")
    recorded = opened.assessment.responsible_name
    holder = person_name(turn, recorded) if recorded in turn.directory.people else unit_name(turn, recorded)
    if not holder and role in ("first_responder", "tracker"):
        holder = person_name(turn, first_responder(turn, opened))
    if not holder and role == "post_B":
        stand_ins = turn.directory.stand_ins_of({answers(turn, opened)}, turn.moment.date())
        holder = turn.say(N_(", ")).join(person_name(turn, user) for user in stand_ins)
    return f"{name} {holder}".strip()


def first_responder(turn: Turn, opened: OpenCase) -> str:
    """The person who was asked first: who registered, or, where the rules say so, who accepted first (HL-6)."""
    registered = opened.case.registered
    pack = opened.pack
    if pack is not None and pack.first_responder_rule == "first_acceptor":
        accepted = opened.case.first("accepted")
        return accepted.user if accepted else ""
    return registered.user if registered else ""


def taken(case: Case) -> Fact | None:
    """The act by which somebody took the case last, the newer of the two: accepted, or taken over."""
    beside = assisting(case)
    found = [fact for fact in case.all("accepted") if fact not in beside] + [*case.all("handover_accepted")]
    return max(found, key=lambda fact: fact.index, default=None)


def assisting(case: Case) -> list[Fact]:
    """Acceptances of a work order for a unit beside the one that had accepted it: they take that unit's part (HL-6)."""
    accepted, returned = case.all("accepted"), case.all("return_requested")
    sent = {fact.data["to"] for fact in case.all("delivered")}
    found = []
    for fact in accepted:
        since = max((each.index for each in returned if each.index < fact.index), default=-1)
        is_later = any(since < each.index < fact.index for each in accepted)
        if is_later and fact.data.get("by") in sent:
            found.append(fact)
    return found


def away_texts(turn: Turn, case: Case, on: date, day: Callable[[Any], str]) -> list[str]:
    """Who of the post is away on a day, from when to when; `day` writes a date as the page or paper does (BZ-AB-4)."""
    days, one_day = N_("Post %(who)s is away from %(first)s to %(last)s"), N_("Post %(who)s is away on %(first)s")
    return [
        turn.say(one_day if each.first == each.last else days, who=who, first=day(each.first), last=day(each.last))
        for who, each in sorted(away_on(case, reading(turn, case), on).items())
    ]


def reading(turn: Turn, case: Case) -> Reading:
    """Where the case's main line stands, and who has it."""
    law = turn.law(case)
    return look(case, turn.packs, law.calendar, law.happened_at, law.policies).reading


def answers(turn: Turn, opened: OpenCase) -> str:
    """Who has the case, whoever stands in for them just now; "" where it is a unit, nobody yet, or all is done."""
    found = reading(turn, opened.case)
    if found.closed_by is not None:
        return ""
    if found.role == "first_responder":
        return first_responder(turn, opened)
    if found.holder in turn.directory.people:
        return found.holder
    return next((person.id for person in turn.people if person.name == found.holder), "")


def unknown_title(turn: Turn, document_id: str) -> str:
    """What stands for a case or visit of which nothing is held here: the beginning of its id tells a clerk nothing."""
    return turn.say(N_("Unknown visit") if is_visit_id(document_id) else N_("Unknown case"))


def person_name(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    return person.name if person else user


def change_text(turn: Turn, opened: OpenCase, fact: Fact) -> str:
    """Old date, new date and cause of one moved date."""
    clock = str(fact.data["clock"]).split(":")[0]
    params = {
        "clock": term(turn, opened, f"clock.{clock}"),
        "new": language.day_text(turn.lang, fact.data["new_due"]),
        "cause": cause_of(turn, str(fact.data["cause"]), str(fact.data.get("cause_text") or "")),
    }
    if fact.data.get("old_due"):
        old = language.day_text(turn.lang, fact.data["old_due"])
        return turn.say(N_("%(clock)s: due %(old)s before, %(new)s now. %(cause)s"), old=old, **params)
    return turn.say(N_("%(clock)s: due %(new)s. %(cause)s"), **params)


def breach_text(turn: Turn, code: str) -> str:
    """The catalogue's name of a breach (§7.3)."""
    breach = turn.packs.common.breaches.get(code)
    if breach is None:
        return code
    return breach.en if turn.lang == language.EN else breach.zh


def of_unit(turn: Turn, opened: OpenCase, unit_id: str) -> bool:
    """Whether a unit has to do with the case: it registered it, or it was sent there."""
    units = opened.glance.units
    return any(name in units for name in names_of_unit(turn, unit_id))


def names_of_unit(turn: Turn, unit_id: str) -> tuple[str, ...]:
    """Every way in which an act may name a unit."""
    unit = turn.directory.units.get(unit_id)
    return (unit_id, unit.zh, unit.en) if unit else (unit_id,)


def unit_of(opened: OpenCase) -> str:
    """The unit where the case is now: the last one it was sent to, else the one that registered it."""
    return opened.glance.unit
