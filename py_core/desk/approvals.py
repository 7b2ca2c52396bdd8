"""审批: one list per leader or head of what waits for their decision, with the date that the decision is racing.

Reads the offers of the law; decides nothing itself and invents no deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from py_core.cases.commands import Offered, possible
from py_core.cases.state import Fact
from py_core.desk import case_view
from py_core.desk.command_words import command_title
from py_core.desk.frame import page
from py_core.desk.over import undecided
from py_core.desk.ports import Response
from py_core.desk.proposal_words import proposal_words
from py_core.desk.time_words import MORE_WORKDAYS
from py_core.desk.turn import OpenCase, Turn
from py_core.rules.situation import look
from py_core.views import language
from py_core.views.language import N2_, N_

_ASKED, _REASON = (N_("Asked by"), N_("Asks for")), N_("Reason")
# What is decided, the acts that led to it (the newest one is shown), what its date means, and what is said of whoever
# led to it, of what is wished and of why.
_QUESTIONS: tuple[tuple[frozenset[str], tuple[str, ...], str, tuple[str, str], str], ...] = (
    (
        frozenset({"approve_extension", "refuse_extension"}),
        ("extension_requested",),
        N_("Valid only if approved, and the person told, by"),
        _ASKED,
        _REASON,
    ),
    (
        frozenset({"mark_refusal_major", "record_leaders_meeting", "decide_refusal"}),
        ("refusal_reported", "refusal_proposed"),
        N_("The person must have the decision by"),
        (N_("Reported by"), N_("Asks for")),
        _REASON,
    ),
    (
        frozenset({"designate_lead"}),
        ("lead_requested",),
        N_("The matter's own limit goes on running until"),
        _ASKED,
        _REASON,
    ),
    (
        frozenset({"arrange_acting"}),
        ("absence_recorded",),
        N_("The matter's own limit goes on running until"),
        (N_("Recorded by"), N_("Absence")),
        _REASON,
    ),
    (
        frozenset({"pass_review", "return_review"}),
        ("fed_back",),
        N_("A case sent back keeps its limit"),
        (N_("Fed back by"), N_("Asks for")),
        N_("What was fed back"),
    ),
    (
        frozenset({"start_supervision", "decline_proposal", "open_accountability"}),
        ("ticket_refused", "assist_refused", "called_back", "complaint_filed"),
        N_("Limit of the matter"),
        (N_("Recorded by"), N_("Asks for")),
        _REASON,
    ),
)
# States in which somebody may have to decide; proposals can come up in any state, so their cases are opened too.
_WAITING = frozenset({"extension_pending", "refusal_pending", "leaders_meeting", "lead_pending", "review_pending"})
_DECISIONS = frozenset[str]().union(*(commands for commands, *_ in _QUESTIONS))


def show_approvals(turn: Turn) -> Response:
    """Everything that waits for this person, the nearest date first."""
    rows = [row for opened in _candidates(turn) for row in _rows(turn, opened)]
    rows.sort(key=lambda row: (row["race"] or date.max, row["head"]["number"]))
    return page(
        turn,
        "approvals.html",
        turn.say(N_("Approvals")),
        "approvals",
        {
            # What the rules merely point out stands after what somebody waits for, as `waiting_for` counts it.
            "groups": [[row for row in rows if row["hint"] == hint] for hint in (False, True)],
            "decides": turn.may("see_approvals"),
        },
        where="approvals",
    )


def waiting_for(turn: Turn) -> int:
    """How many cases stand still until this person decides; what the rules merely propose is not among them."""
    pending = (
        opened for opened in _candidates(turn) if opened.glance.state in _WAITING or opened.glance.role == "unit_head"
    )
    return sum(any(not row["hint"] for row in _rows(turn, opened)) for opened in pending)


def waiting_words(turn: Turn) -> str:
    """How much waits for this person's decision, in words; "" when nothing does."""
    n = waiting_for(turn)
    return (
        turn.count(N2_("%(n)d matter waits for your decision", "%(n)d matters wait for your decision"), n) if n else ""
    )


def is_decision(command: str) -> bool:
    """Whether a step answers what stands on the list of approvals."""
    return command in _DECISIONS


def asked_for(turn: Turn, opened: OpenCase, command: str) -> dict[str, Any] | None:
    """What a decision answers, for its own form; None for a step that decides on nobody's request."""
    if command not in _DECISIONS:
        return None
    rows = (row for row in _rows(turn, opened) if any(action["name"] == command for action in row["actions"]))
    return next(rows, None)


def _candidates(turn: Turn) -> Iterator[OpenCase]:
    """Cases of the person's unit, for the dispatch desk all that are held here."""
    unit = turn.person.unit if turn.person else ""
    everywhere = turn.may("see_approvals_everywhere")
    for opened in undecided(turn) if turn.may("see_approvals") else ():
        if everywhere or case_view.of_unit(turn, opened, unit):
            yield opened


def _rows(turn: Turn, opened: OpenCase) -> Iterator[dict[str, Any]]:
    offered = [item for item in possible(opened.case, turn.law(opened.case)) if item.command in _DECISIONS]
    for commands, asked_by, meaning, (asker, wish), why in _QUESTIONS:
        mine = sorted((item for item in offered if item.command in commands), key=_declines)
        if not mine or (commands & {"open_accountability"} and not opened.assessment.proposals):
            continue
        facts = _asking(opened, asked_by)
        fact = facts[0] if facts else None
        proposed = opened.assessment.proposals if "decline_proposal" in commands else ()
        race = _race(turn, opened, commands)
        yield {
            "hint": "decline_proposal" in commands,
            "head": case_view.summary(turn, opened),
            "proposed": _proposed(turn, opened, proposed),
            "asked": _asked(turn, fact) if fact else "",
            "wish": _wish(turn, opened, fact) if fact else "",
            "reason": _reason(facts),
            "met": _met(opened) if "decide_refusal" in commands else "",
            "race": race,
            "race_text": language.day_text(turn.lang, race) if race else "",
            "latest": _latest(turn, opened) if "approve_extension" in commands else "",
            "left": case_view.days_left(turn, race, case_view.unit_of(opened)) if race else "",
            "meaning": turn.say(meaning),
            "labels": {"asked": turn.say(asker), "wish": turn.say(wish), "reason": turn.say(why)},
            "article": mine[0].article,
            "actions": [{"name": item.command, "label": command_title(turn, item.command)} for item in mine],
        }


def _declines(offered: Offered) -> bool:
    """To decline what the rules propose comes after doing it."""
    return offered.command == "decline_proposal"


def _proposed(turn: Turn, opened: OpenCase, names: tuple[str, ...]) -> list[str]:
    pack = opened.pack
    return [proposal_words(turn, pack, name) for name in names] if pack is not None else list(names)


def _asking(opened: OpenCase, types: tuple[str, ...]) -> list[Fact]:
    """The last act of each kind that asked for it, the newest first."""
    facts = [fact for kind in types if (fact := opened.case.last(kind)) is not None]
    return sorted(facts, key=lambda fact: fact.index, reverse=True)


def _asked(turn: Turn, fact: Fact) -> str:
    who = case_view.person_name(turn, fact.user)
    return turn.say(N_("%(who)s, %(when)s"), who=who, when=language.moment_text(turn.lang, fact.at))


def _reason(facts: list[Fact]) -> str:
    """The reason given by whoever asked; a report that only passes it on says less than the proposal before it."""
    told = (str(fact.data[key]) for key in ("reason", "about", "note", "text") for fact in facts if fact.data.get(key))
    return next(told, "")


def _met(opened: OpenCase) -> str:
    """What the leaders' meeting on the refusal that stands came to (BZ-FD-2); nothing where it has not met."""
    proposed, met = opened.case.last("refusal_proposed"), opened.case.last("leaders_meeting_recorded")
    if met is None or (proposed is not None and proposed.index > met.index):
        return ""
    return str(met.data.get("opinion") or "")


def _wish(turn: Turn, opened: OpenCase, fact: Fact) -> str:
    """What is asked for in numbers: the new date, or the working days and the date that they lead to."""
    if fact.type == "absence_recorded":
        day = partial(language.day_text, turn.lang)
        return turn.say(N_("; ")).join(case_view.away_texts(turn, opened.case, turn.moment.date(), day))
    until, days = fact.data.get("until"), fact.data.get("workdays")
    if until:
        return turn.say(N_("New date %(day)s"), day=language.day_text(turn.lang, until))
    if not days:
        return ""
    due = _limit(turn, opened)
    if due is None:
        return turn.count(MORE_WORKDAYS, days)
    law = turn.rules.law_of(opened.case)
    new = language.day_text(turn.lang, law.calendar.workday_after(due, days))
    return turn.say(N_("%(extension)s, to %(day)s"), extension=turn.count(MORE_WORKDAYS, days), day=new)


def _race(turn: Turn, opened: OpenCase, commands: frozenset[str]) -> date | None:
    """The date before which the decision is worth something: that of the refusal clock, which stands while the leaders
    meet (BZ-FD-2), else of the matter itself."""
    if "decide_refusal" in commands:
        clock = next((each for each in opened.assessment.clocks if each.name == "refusal_notice"), None)
        return clock.due if clock is not None else None
    return _limit(turn, opened)


def _limit(turn: Turn, opened: OpenCase) -> date | None:
    law = turn.law(opened.case)
    return look(opened.case, turn.packs, law.calendar, law.happened_at, law.policies).due_without_extension()


def _latest(turn: Turn, opened: OpenCase) -> str:
    """The last day to which the limit may be extended at all, in words."""
    law = turn.law(opened.case)
    cap = look(opened.case, turn.packs, law.calendar, law.happened_at, law.policies).extension_cap()
    return language.day_text(turn.lang, cap) if cap else ""
